/* Frames: the messages between a node and the gateway on a serial line. docs: gateway/docs/wire.md.
 *
 * Purpose    encode and decode HELLO, READINGS, ACK, COMMAND, RESULT, RESULT_ACK and TIME.
 * Thread     a frame belongs to one thread; the rest is pure.
 * Ownership  what is decoded points into the caller's frame and is valid as long as that.
 * Limits     WEIR_FRAME_BYTES_MAX bytes of type, body and CRC; a message that does not fit is not encoded.
 * Errors     encoding: weir_frame_finish() returns 0. Decoding: a status, or false for a body that is not what its type
 *            says; unknown members of a body are skipped, so that later versions may add some.
 */
#ifndef WEIR_WIRE_FRAME_H
#define WEIR_WIRE_FRAME_H

#include "wire/cbor.h"
#include "wire/cobs.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_WIRE_VERSION 1U
#ifndef WEIR_FRAME_BYTES_MAX
#define WEIR_FRAME_BYTES_MAX 1024U
#endif
#define WEIR_FRAME_OVERHEAD_BYTES 5U /* the type byte and the CRC */
#define WEIR_LINE_BYTES_MAX WEIR_COBS_BYTES_MAX(WEIR_FRAME_BYTES_MAX)

typedef enum weir_frame_type {
  WEIR_HELLO = 1,
  WEIR_READINGS = 2,
  WEIR_ACK = 3,
  WEIR_COMMAND = 4,
  WEIR_RESULT = 5,
  WEIR_RESULT_ACK = 6,
  WEIR_TIME = 7
} weir_frame_type;

/* Text that is not terminated. */
typedef struct weir_text {
  const char* data;
  size_t size;
} weir_text;

/* One encoded CBOR item; size 0: none. */
typedef struct weir_item {
  const uint8_t* data;
  size_t size;
} weir_item;

/* -- Encoding: begin, put a body, finish. -- */

typedef struct weir_frame {
  uint8_t bytes[WEIR_FRAME_BYTES_MAX];
  weir_cbor_writer body; /* writes behind the type byte and leaves room for the CRC */
} weir_frame;

void weir_frame_begin(weir_frame* frame, weir_frame_type type);

/* Appends the CRC, stuffs, delimits. `line` has room for WEIR_LINE_BYTES_MAX. The bytes to send, or 0: it did not fit. */
size_t weir_frame_finish(weir_frame* frame, uint8_t* line);

/* -- Decoding: open a frame that the deframer delivered, then read its body. -- */

typedef enum weir_frame_status {
  WEIR_FRAME_OK,
  WEIR_FRAME_DAMAGED,       /* too short, or the CRC is wrong */
  WEIR_FRAME_OTHER_VERSION, /* whole, but of another version of the protocol */
  WEIR_FRAME_UNKNOWN_TYPE   /* whole, but none of these messages */
} weir_frame_status;

weir_frame_status weir_frame_open(const uint8_t* frame, size_t size, weir_frame_type* type, weir_cbor_reader* body);

/* -- The messages; members that are absent are empty or 0. -- */

typedef struct weir_ack {
  uint32_t boot;
  uint32_t sequence; /* this one and all before it are committed */
} weir_ack;
void weir_put_ack(weir_frame* frame, const weir_ack* ack);
bool weir_read_ack(weir_cbor_reader* body, weir_ack* ack);

typedef struct weir_time {
  bool known;      /* the sender has a clock that is set */
  double seconds;  /* since 1970, UTC */
  bool want_hello; /* from the gateway: it does not know the node yet */
} weir_time;
void weir_put_time(weir_frame* frame, const weir_time* time);
bool weir_read_time(weir_cbor_reader* body, weir_time* time);

typedef struct weir_command {
  weir_text id;
  weir_text name;
  weir_item args;  /* a map */
  uint32_t ttl_ms; /* not to be executed later than this after it came */
} weir_command;
void weir_put_command(weir_frame* frame, const weir_command* command);
bool weir_read_command(weir_cbor_reader* body, weir_command* command);

typedef struct weir_result {
  weir_text id;
  bool ok;
  weir_item result; /* with ok: any item, or none */
  weir_text error;  /* otherwise: why */
} weir_result;
void weir_put_result(weir_frame* frame, const weir_result* result);
bool weir_read_result(weir_cbor_reader* body, weir_result* result);

void weir_put_result_ack(weir_frame* frame, weir_text id);
bool weir_read_result_ack(weir_cbor_reader* body, weir_text* id);

/* READINGS: put the head, then exactly `count` SenML records (senml.h). */
typedef struct weir_readings {
  uint32_t boot;
  uint32_t first;   /* sequence of the first record; each further one is one more */
  uint32_t oldest;  /* the oldest that the node still holds: all before it were acknowledged or dropped */
  uint32_t dropped; /* how many just before `oldest` were dropped for want of room */
  size_t count;
  weir_cbor_reader pack; /* decoding: at the first record */
} weir_readings;
void weir_put_readings(weir_frame* frame, const weir_readings* readings);
bool weir_read_readings(weir_cbor_reader* body, weir_readings* readings);

#ifdef __cplusplus
}
#endif

#endif
