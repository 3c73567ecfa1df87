/* HELLO: who the node is, and which commands it understands.
 *
 * Purpose    encode from constant tables; decode command by command and argument by argument.
 * Thread     pure functions.
 * Ownership  decoded text points into the frame.
 * Limits     the frame; an argument has at most WEIR_VALUES_MAX values to choose from.
 * Errors     as frame.h.
 */
#ifndef WEIR_WIRE_HELLO_H
#define WEIR_WIRE_HELLO_H

#include "wire/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_VALUES_MAX 16

typedef enum weir_argument_type {
  WEIR_ARGUMENT_NUMBER = 0,
  WEIR_ARGUMENT_INTEGER = 1,
  WEIR_ARGUMENT_BOOLEAN = 2,
  WEIR_ARGUMENT_STRING = 3,
  WEIR_ARGUMENT_ENUMERATION = 4
} weir_argument_type;

typedef struct weir_argument {
  weir_text name;
  weir_argument_type type;
  bool has_min, has_max;
  double min, max;
  weir_text unit;
  bool optional;
  weir_text values[WEIR_VALUES_MAX]; /* of an enumeration */
  size_t value_count;
} weir_argument;

typedef struct weir_declaration {
  weir_text name;
  weir_text state_metric; /* read back to verify; empty: none */
  bool dangerous;
  const weir_argument* args; /* encoding */
  size_t arg_count;
  weir_cbor_reader arg_reader; /* decoding: weir_read_argument() takes the next */
} weir_declaration;

typedef struct weir_hello {
  weir_text device;
  weir_text firmware;
  weir_text version;
  uint32_t boot;                    /* differs from every earlier boot's */
  uint32_t frame_bytes_max;         /* what the node can take */
  const weir_declaration* commands; /* encoding */
  size_t command_count;
  weir_cbor_reader command_reader; /* decoding: weir_read_declaration() takes the next */
} weir_hello;

void weir_put_hello(weir_frame* frame, const weir_hello* hello);
bool weir_read_hello(weir_cbor_reader* body, weir_hello* hello);
bool weir_read_declaration(weir_cbor_reader* commands, weir_declaration* declaration);
bool weir_read_argument(weir_cbor_reader* args, weir_argument* argument);

#ifdef __cplusplus
}
#endif

#endif
