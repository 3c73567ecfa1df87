#include "wire/cobs.h"

size_t weir_cobs_encode(const uint8_t* bytes, size_t size, uint8_t* out) {
  size_t code_at = 0;
  size_t end = 1;
  uint8_t code = 1;
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != 0) {
      out[end++] = bytes[i];
      ++code;
    }
    /* A full block has no zero behind it: it ends only where bytes remain, for else it would be one byte too long. */
    if (bytes[i] == 0 || (code == 0xFF && i + 1 < size)) {
      out[code_at] = code;
      code_at = end++;
      code = 1;
    }
  }
  out[code_at] = code;
  out[end++] = 0;
  return end;
}

void weir_cobs_deframer_init(weir_cobs_deframer* deframer, uint8_t* buffer, size_t capacity) {
  *deframer = (weir_cobs_deframer){.buffer = buffer, .capacity = capacity};
}

static void start_frame(weir_cobs_deframer* deframer) {
  deframer->size = 0;
  deframer->block = 0;
  deframer->left = 0;
  deframer->skipping = false;
  deframer->complete = false;
}

static void append(weir_cobs_deframer* deframer, uint8_t byte) {
  if (deframer->size == deframer->capacity) {
    ++deframer->overlong;
    deframer->skipping = true;
    return;
  }
  deframer->buffer[deframer->size++] = byte;
}

static void start_block(weir_cobs_deframer* deframer, uint8_t code) {
  /* The zero between blocks: not before the first, not after a full one. */
  if (deframer->block != 0 && deframer->block != 0xFF) append(deframer, 0);
  deframer->block = code;
  deframer->left = (uint8_t)(code - 1);
}

static bool end_frame(weir_cobs_deframer* deframer) {
  const bool idle = deframer->block == 0;
  const bool whole = !idle && !deframer->skipping && deframer->left == 0;
  if (!idle && !deframer->skipping && !whole) ++deframer->malformed;
  if (!whole) start_frame(deframer);
  deframer->complete = whole;
  return whole;
}

bool weir_cobs_push(weir_cobs_deframer* deframer, uint8_t byte) {
  if (deframer->complete) start_frame(deframer);
  if (byte == 0) return end_frame(deframer);
  if (deframer->skipping) return false;
  if (deframer->left == 0) {
    start_block(deframer, byte);
  } else {
    append(deframer, byte);
    --deframer->left;
  }
  return false;
}
