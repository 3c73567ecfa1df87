#include <string.h>

#include "wire/cbor.h"

/* RFC 8949 section 3.1: the major type is in the upper three bits of an item's first byte. */
enum { MAJOR_UINT = 0, MAJOR_NEGATIVE = 1, MAJOR_BYTES = 2, MAJOR_TEXT = 3, MAJOR_ARRAY = 4, MAJOR_MAP = 5, MAJOR_SIMPLE = 7 };

void weir_cbor_writer_init(weir_cbor_writer* writer, uint8_t* out, size_t capacity) {
  *writer = (weir_cbor_writer){.out = out, .capacity = capacity};
}

bool weir_cbor_fits(const weir_cbor_writer* writer) { return writer->size <= writer->capacity; }

/* `size` grows even where nothing fits, so that no later, shorter item is written behind a missing one. */
static void put(weir_cbor_writer* writer, const void* bytes, size_t size) {
  if (size > 0 && weir_cbor_fits(writer) && size <= writer->capacity - writer->size)
    memcpy(writer->out + writer->size, bytes, size);
  writer->size += size;
}

/* A first byte and `size` bytes of `value`, most significant first. */
static void put_head(weir_cbor_writer* writer, unsigned major, unsigned info, uint64_t value, unsigned size) {
  uint8_t head[9];
  head[0] = (uint8_t)(major << 5U | info);
  for (unsigned i = 0; i < size; ++i) head[1 + i] = (uint8_t)(value >> (8U * (size - 1U - i)));
  put(writer, head, 1U + size);
}

static void put_argument(weir_cbor_writer* writer, unsigned major, uint64_t value) {
  if (value < 24) {
    put_head(writer, major, (unsigned)value, 0, 0);
  } else if (value <= 0xFFU) {
    put_head(writer, major, 24, value, 1);
  } else if (value <= 0xFFFFU) {
    put_head(writer, major, 25, value, 2);
  } else if (value <= 0xFFFFFFFFU) {
    put_head(writer, major, 26, value, 4);
  } else {
    put_head(writer, major, 27, value, 8);
  }
}

void weir_cbor_put_uint(weir_cbor_writer* writer, uint64_t value) { put_argument(writer, MAJOR_UINT, value); }

void weir_cbor_put_int(weir_cbor_writer* writer, int64_t value) {
  if (value >= 0) {
    put_argument(writer, MAJOR_UINT, (uint64_t)value);
  } else {
    put_argument(writer, MAJOR_NEGATIVE, ~(uint64_t)value); /* -1 - value, without overflow */
  }
}

/* True where a single's bits are a zero, an infinity or a normal half, exactly. */
static bool as_half(uint32_t single, uint32_t* half) {
  const uint32_t sign = single >> 16U & 0x8000U;
  const uint32_t exponent = single >> 23U & 0xFFU;
  const uint32_t mantissa = single & 0x7FFFFFU;
  if ((mantissa & 0x1FFFU) != 0) return false;
  if (exponent == 0 && mantissa == 0) {
    *half = sign;
  } else if (exponent == 0xFF) {
    *half = sign | 0x7C00U | mantissa >> 13U;
  } else if (exponent > 112 && exponent < 143) {
    *half = sign | (exponent - 112U) << 10U | mantissa >> 13U;
  } else {
    return false;
  }
  return true;
}

void weir_cbor_put_double(weir_cbor_writer* writer, double value) {
  uint64_t bits;
  uint32_t half;
  uint32_t single_bits;
  memcpy(&bits, &value, sizeof bits);
  /* A double beyond the range of a single must not be converted: that is undefined. */
  const uint64_t exponent = bits >> 52U & 0x7FFU;
  const float single = exponent < 1023U + 128U || exponent == 0x7FFU ? (float)value : 0.0F;
  const double widened = (double)single;
  memcpy(&single_bits, &single, sizeof single_bits);
  /* The same bits, not the same number: -0.0 and NaN have to come back as they were. */
  if (memcmp(&widened, &value, sizeof value) != 0) { /* NOLINT(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
    put_head(writer, MAJOR_SIMPLE, 27, bits, 8);
  } else if (as_half(single_bits, &half)) {
    put_head(writer, MAJOR_SIMPLE, 25, half, 2);
  } else {
    put_head(writer, MAJOR_SIMPLE, 26, single_bits, 4);
  }
}

void weir_cbor_put_bool(weir_cbor_writer* writer, bool value) { put_head(writer, MAJOR_SIMPLE, value ? 21 : 20, 0, 0); }
void weir_cbor_put_null(weir_cbor_writer* writer) { put_head(writer, MAJOR_SIMPLE, 22, 0, 0); }
void weir_cbor_put_array(weir_cbor_writer* writer, size_t items) { put_argument(writer, MAJOR_ARRAY, items); }
void weir_cbor_put_map(weir_cbor_writer* writer, size_t pairs) { put_argument(writer, MAJOR_MAP, pairs); }
void weir_cbor_put_raw(weir_cbor_writer* writer, const uint8_t* item, size_t size) { put(writer, item, size); }

void weir_cbor_put_text(weir_cbor_writer* writer, const char* text, size_t size) {
  put_argument(writer, MAJOR_TEXT, size);
  put(writer, text, size);
}

void weir_cbor_put_bytes(weir_cbor_writer* writer, const uint8_t* bytes, size_t size) {
  put_argument(writer, MAJOR_BYTES, size);
  put(writer, bytes, size);
}
