#include <string.h>

#include "wire/cbor.h"

void weir_cbor_reader_init(weir_cbor_reader* reader, const uint8_t* bytes, size_t size) {
  /* No arithmetic on a null pointer where there is nothing to read. */
  *reader = (weir_cbor_reader){.next = bytes, .end = size == 0 ? bytes : bytes + size};
}

bool weir_cbor_at_end(const weir_cbor_reader* reader) { return !reader->failed && reader->next == reader->end; }

static size_t remaining(const weir_cbor_reader* reader) {
  return reader->next == reader->end ? 0 : (size_t)(reader->end - reader->next);
}

static bool fail(weir_cbor_reader* reader) {
  reader->failed = true;
  return false;
}

/* RFC 8949 section 3: 24 to 27 announce 1, 2, 4 or 8 bytes; 28 to 30 are reserved, 31 is an indefinite length. */
static bool read_argument(weir_cbor_reader* reader, unsigned info, uint64_t* value) {
  if (info < 24) {
    *value = info;
    return true;
  }
  if (info > 27) return fail(reader);
  const size_t size = (size_t)1 << (info - 24U);
  if (size > remaining(reader)) return fail(reader);
  *value = 0;
  for (size_t i = 0; i < size; ++i) *value = *value << 8U | *reader->next++;
  return true;
}

/* RFC 8949 appendix D, with exact arithmetic only. */
static double from_half(uint32_t half) {
  const uint32_t exponent = half >> 10U & 0x1FU;
  const uint32_t mantissa = half & 0x3FFU;
  double value;
  if (exponent == 0) {
    value = (double)mantissa / 16777216.0; /* subnormal: 2^-24 */
    return (half & 0x8000U) != 0 ? -value : value;
  }
  const uint32_t wide = exponent == 31 ? 0xFFU : exponent + 112U;
  const uint32_t bits = (half & 0x8000U) << 16U | wide << 23U | mantissa << 13U;
  float single;
  memcpy(&single, &bits, sizeof single);
  return (double)single;
}

static double from_single(uint32_t bits) {
  float single;
  memcpy(&single, &bits, sizeof single);
  return (double)single;
}

static double from_double(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static bool take_integer(weir_cbor_reader* reader, unsigned major, uint64_t value, weir_cbor_item* item) {
  if (value > (uint64_t)INT64_MAX) return fail(reader);
  item->type = WEIR_CBOR_INT;
  item->integer = major == 0 ? (int64_t)value : -1 - (int64_t)value;
  item->number = (double)item->integer;
  return true;
}

static bool take_string(weir_cbor_reader* reader, unsigned major, uint64_t size, weir_cbor_item* item) {
  if (size > remaining(reader)) return fail(reader);
  item->type = major == 2 ? WEIR_CBOR_BYTES : WEIR_CBOR_TEXT;
  item->data = reader->next;
  item->size = (size_t)size;
  if (size > 0) reader->next += size;
  return true;
}

/* Each item takes a byte at least: a count beyond what remains is a lie, and no caller may loop on it. */
static bool take_container(weir_cbor_reader* reader, unsigned major, uint64_t count, weir_cbor_item* item) {
  const size_t most = major == 4 ? remaining(reader) : remaining(reader) / 2;
  if (count > most) return fail(reader);
  item->type = major == 4 ? WEIR_CBOR_ARRAY : WEIR_CBOR_MAP;
  item->size = (size_t)count;
  return true;
}

static bool take_simple(weir_cbor_reader* reader, unsigned info, uint64_t value, weir_cbor_item* item) {
  item->type = WEIR_CBOR_DOUBLE;
  switch (info) {
    case 20:
    case 21:
      item->type = WEIR_CBOR_BOOL;
      item->boolean = info == 21;
      return true;
    case 22: item->type = WEIR_CBOR_NULL; return true;
    case 25: item->number = from_half((uint32_t)value); return true;
    case 26: item->number = from_single((uint32_t)value); return true;
    case 27: item->number = from_double(value); return true;
    default: return fail(reader);
  }
}

bool weir_cbor_next(weir_cbor_reader* reader, weir_cbor_item* item) {
  *item = (weir_cbor_item){.type = WEIR_CBOR_NULL};
  if (reader->failed || remaining(reader) == 0) return fail(reader);
  const unsigned first = *reader->next++;
  const unsigned major = first >> 5U;
  const unsigned info = first & 0x1FU;
  uint64_t value = 0;
  if (!read_argument(reader, info, &value)) return false;
  switch (major) {
    case 0:
    case 1: return take_integer(reader, major, value, item);
    case 2:
    case 3: return take_string(reader, major, value, item);
    case 4:
    case 5: return take_container(reader, major, value, item);
    case 7: return take_simple(reader, info, value, item);
    default: return fail(reader); /* tags */
  }
}

bool weir_cbor_skip(weir_cbor_reader* reader) {
  size_t left[WEIR_CBOR_DEPTH_MAX]; /* items still to come at each depth */
  size_t depth = 0;
  do {
    weir_cbor_item item;
    if (!weir_cbor_next(reader, &item)) return false;
    if (item.type == WEIR_CBOR_ARRAY || item.type == WEIR_CBOR_MAP) {
      if (depth == WEIR_CBOR_DEPTH_MAX) return fail(reader);
      left[depth++] = item.type == WEIR_CBOR_MAP ? 2 * item.size : item.size;
    } else if (depth > 0) {
      --left[depth - 1];
    }
    while (depth > 0 && left[depth - 1] == 0) {
      --depth;
      if (depth > 0) --left[depth - 1];
    }
  } while (depth > 0);
  return true;
}

static bool expect(weir_cbor_reader* reader, weir_cbor_type type, weir_cbor_item* item) {
  return weir_cbor_next(reader, item) && (item->type == type || fail(reader));
}

bool weir_cbor_read_int(weir_cbor_reader* reader, int64_t* value) {
  weir_cbor_item item;
  const bool ok = expect(reader, WEIR_CBOR_INT, &item);
  *value = item.integer;
  return ok;
}

bool weir_cbor_read_uint32(weir_cbor_reader* reader, uint32_t* value) {
  weir_cbor_item item;
  const bool ok = expect(reader, WEIR_CBOR_INT, &item);
  *value = (uint32_t)item.integer;
  return ok && ((item.integer >= 0 && item.integer <= (int64_t)UINT32_MAX) || fail(reader));
}

bool weir_cbor_read_number(weir_cbor_reader* reader, double* value) {
  weir_cbor_item item;
  const bool ok = weir_cbor_next(reader, &item);
  *value = item.number;
  return ok && (item.type == WEIR_CBOR_DOUBLE || item.type == WEIR_CBOR_INT || fail(reader));
}

bool weir_cbor_read_bool(weir_cbor_reader* reader, bool* value) {
  weir_cbor_item item;
  const bool ok = expect(reader, WEIR_CBOR_BOOL, &item);
  *value = item.boolean;
  return ok;
}

bool weir_cbor_read_text(weir_cbor_reader* reader, const char** text, size_t* size) {
  weir_cbor_item item;
  const bool ok = expect(reader, WEIR_CBOR_TEXT, &item);
  *text = (const char*)item.data;
  *size = item.size;
  return ok;
}

bool weir_cbor_read_array(weir_cbor_reader* reader, size_t* items) {
  weir_cbor_item item;
  const bool ok = expect(reader, WEIR_CBOR_ARRAY, &item);
  *items = item.size;
  return ok;
}

bool weir_cbor_read_map(weir_cbor_reader* reader, size_t* pairs) {
  weir_cbor_item item;
  const bool ok = expect(reader, WEIR_CBOR_MAP, &item);
  *pairs = item.size;
  return ok;
}
