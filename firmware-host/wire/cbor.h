/* CBOR: a small writer and a pull reader, RFC 8949.
 *
 * Purpose    the bodies of frames, and the CBOR form of records.
 * Thread     a writer or reader belongs to one thread.
 * Ownership  the writer appends to the caller's buffer; text and bytes that are read point into the caller's buffer.
 * Limits     definite lengths only; integers of 64 bits signed (unsigned on writing); skipping nests WEIR_CBOR_DEPTH_MAX.
 * Errors     writer: `size` counts what would be needed, nothing is written beyond `capacity`; ask weir_cbor_fits().
 *            reader: false and `failed` at the first fault (cut, reserved, indefinite, tag, out of range); it stays failed.
 */
#ifndef WEIR_WIRE_CBOR_H
#define WEIR_WIRE_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_CBOR_DEPTH_MAX 16

typedef struct weir_cbor_writer {
  uint8_t* out;
  size_t capacity;
  size_t size; /* bytes written, or needed: more than `capacity` means that it did not fit */
} weir_cbor_writer;

void weir_cbor_writer_init(weir_cbor_writer* writer, uint8_t* out, size_t capacity);
bool weir_cbor_fits(const weir_cbor_writer* writer);

void weir_cbor_put_int(weir_cbor_writer* writer, int64_t value);
void weir_cbor_put_uint(weir_cbor_writer* writer, uint64_t value);
/* The shortest of half, single and double that holds the value exactly (subnormal halves go as single). */
void weir_cbor_put_double(weir_cbor_writer* writer, double value);
void weir_cbor_put_bool(weir_cbor_writer* writer, bool value);
void weir_cbor_put_null(weir_cbor_writer* writer);
void weir_cbor_put_text(weir_cbor_writer* writer, const char* text, size_t size); /* UTF-8 is the caller's duty */
void weir_cbor_put_bytes(weir_cbor_writer* writer, const uint8_t* bytes, size_t size);
void weir_cbor_put_array(weir_cbor_writer* writer, size_t items);                   /* that many items follow */
void weir_cbor_put_map(weir_cbor_writer* writer, size_t pairs);                     /* that many keys and values follow */
void weir_cbor_put_raw(weir_cbor_writer* writer, const uint8_t* item, size_t size); /* an item that is encoded already */

typedef enum weir_cbor_type {
  WEIR_CBOR_INT,
  WEIR_CBOR_DOUBLE,
  WEIR_CBOR_BOOL,
  WEIR_CBOR_NULL,
  WEIR_CBOR_TEXT,
  WEIR_CBOR_BYTES,
  WEIR_CBOR_ARRAY,
  WEIR_CBOR_MAP
} weir_cbor_type;

typedef struct weir_cbor_item {
  weir_cbor_type type;
  int64_t integer;     /* INT */
  double number;       /* DOUBLE, and INT as a double */
  bool boolean;        /* BOOL */
  const uint8_t* data; /* TEXT, BYTES: `size` bytes; UTF-8 is not checked */
  size_t size;         /* TEXT, BYTES: bytes; ARRAY: items; MAP: pairs: never more than bytes remain */
} weir_cbor_item;

typedef struct weir_cbor_reader {
  const uint8_t* next;
  const uint8_t* end;
  bool failed;
} weir_cbor_reader;

void weir_cbor_reader_init(weir_cbor_reader* reader, const uint8_t* bytes, size_t size);
bool weir_cbor_at_end(const weir_cbor_reader* reader); /* all read, nothing failed */

/* The next item's head, with the content of all but arrays and maps, whose items follow. */
bool weir_cbor_next(weir_cbor_reader* reader, weir_cbor_item* item);

/* Over one whole item with all that it holds. */
bool weir_cbor_skip(weir_cbor_reader* reader);

/* The next item, which must be of this type. */
bool weir_cbor_read_int(weir_cbor_reader* reader, int64_t* value);
bool weir_cbor_read_uint32(weir_cbor_reader* reader, uint32_t* value);
bool weir_cbor_read_number(weir_cbor_reader* reader, double* value); /* an integer or a float */
bool weir_cbor_read_bool(weir_cbor_reader* reader, bool* value);
bool weir_cbor_read_text(weir_cbor_reader* reader, const char** text, size_t* size);
bool weir_cbor_read_array(weir_cbor_reader* reader, size_t* items);
bool weir_cbor_read_map(weir_cbor_reader* reader, size_t* pairs);

#ifdef __cplusplus
}
#endif

#endif
