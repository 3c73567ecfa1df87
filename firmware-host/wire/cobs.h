/* COBS: any bytes without the byte 0x00, so that 0x00 can end a frame.
 *
 * Purpose    stuff a frame for the line; take frames out of a stream that may be noise, cut or merged.
 * Thread     a deframer belongs to one thread; the rest is pure.
 * Ownership  the deframer writes into the caller's buffer; a frame in it is valid until the next push.
 * Limits     the caller's buffer; a longer frame is dropped to its delimiter and counted.
 * Errors     a malformed or overlong frame is counted and skipped; the next delimiter synchronises again.
 *            Source: Cheshire and Baker, Consistent Overhead Byte Stuffing, IEEE/ACM Transactions on Networking 7(2), 1999.
 */
#ifndef WEIR_WIRE_COBS_H
#define WEIR_WIRE_COBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What `size` bytes need at most on the line, with the delimiter. */
#define WEIR_COBS_BYTES_MAX(size) ((size) + (size) / 254U + 2U)

/* Writes the stuffed bytes and the delimiter 0x00; `out` has room for WEIR_COBS_BYTES_MAX(size) and does not overlap. */
size_t weir_cobs_encode(const uint8_t* bytes, size_t size, uint8_t* out);

typedef struct weir_cobs_deframer {
  uint8_t* buffer;
  size_t capacity;
  size_t size;        /* bytes of the frame so far */
  uint8_t block;      /* the code byte of the block that is being read; 0: at the start of a frame */
  uint8_t left;       /* bytes of that block still to come */
  bool skipping;      /* the frame is already known to be bad: on to its delimiter */
  bool complete;      /* the buffer holds a whole frame that the next byte will replace */
  uint32_t malformed; /* delimiters in the middle of a block: noise, cut frames */
  uint32_t overlong;  /* frames that the buffer cannot hold */
} weir_cobs_deframer;

void weir_cobs_deframer_init(weir_cobs_deframer* deframer, uint8_t* buffer, size_t capacity);

/* Takes one byte; true when it ended a frame: `size` bytes in `buffer`. Delimiters in a row are idle line, not frames. */
bool weir_cobs_push(weir_cobs_deframer* deframer, uint8_t byte);

#ifdef __cplusplus
}
#endif

#endif
