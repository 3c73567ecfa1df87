#include "wire/senml.h"

/* RFC 8428 table 4 (section 6): the labels of the CBOR representation. */
enum {
  LABEL_BASE_VERSION = -1,
  LABEL_BASE_NAME = -2,
  LABEL_BASE_TIME = -3,
  LABEL_BASE_UNIT = -4,
  LABEL_BASE_VALUE = -5,
  LABEL_NAME = 0,
  LABEL_UNIT = 1,
  LABEL_VALUE = 2,
  LABEL_TEXT = 3,
  LABEL_BOOL = 4,
  LABEL_TIME = 6
};
enum { VERSION_MAX = 10 };

static void read_text(weir_cbor_reader* pack, weir_text* text) { weir_cbor_read_text(pack, &text->data, &text->size); }

static void read_number(weir_cbor_reader* pack, weir_senml_record* record) {
  weir_cbor_item item;
  if (!weir_cbor_next(pack, &item)) return;
  if (item.type != WEIR_CBOR_INT && item.type != WEIR_CBOR_DOUBLE) pack->failed = true;
  record->kind = WEIR_SENML_NUMBER;
  record->number = item.number;
  record->whole = item.type == WEIR_CBOR_INT;
  record->integer = item.integer;
}

static void read_version(weir_cbor_reader* pack) {
  int64_t version;
  if (weir_cbor_read_int(pack, &version) && version > VERSION_MAX) pack->failed = true;
}

static void read_member(weir_cbor_reader* pack, int64_t label, weir_senml_base* base, weir_senml_record* record) {
  switch (label) {
    case LABEL_BASE_VERSION: read_version(pack); break;
    case LABEL_BASE_NAME: read_text(pack, &base->name); break;
    case LABEL_BASE_TIME: weir_cbor_read_number(pack, &base->time); break;
    case LABEL_BASE_UNIT: read_text(pack, &base->unit); break;
    case LABEL_BASE_VALUE: weir_cbor_read_number(pack, &base->value); break;
    case LABEL_NAME: read_text(pack, &record->name); break;
    case LABEL_UNIT: read_text(pack, &record->unit); break;
    case LABEL_VALUE: read_number(pack, record); break;
    case LABEL_TEXT:
      record->kind = WEIR_SENML_TEXT;
      read_text(pack, &record->text);
      break;
    case LABEL_BOOL:
      record->kind = WEIR_SENML_BOOL;
      weir_cbor_read_bool(pack, &record->boolean);
      break;
    case LABEL_TIME: weir_cbor_read_number(pack, &record->time); break;
    default: weir_cbor_skip(pack);
  }
}

/* Infinity minus infinity is not 0, nor is NaN minus NaN. */
static bool is_finite(double value) { return value - value == 0.0; }

static void resolve(const weir_senml_base* base, weir_senml_record* record) {
  record->base_name = base->name;
  if (record->unit.size == 0) record->unit = base->unit;
  record->time += base->time;
  if (record->kind != WEIR_SENML_NUMBER) return;
  if (base->value != 0.0) {
    record->number += base->value;
    record->whole = false;
  }
  if (!is_finite(record->number)) record->kind = WEIR_SENML_NONE;
}

bool weir_senml_next(weir_cbor_reader* pack, weir_senml_base* base, weir_senml_record* record) {
  size_t pairs;
  *record = (weir_senml_record){0};
  if (!weir_cbor_read_map(pack, &pairs)) return false;
  for (; pairs > 0 && !pack->failed; --pairs) {
    int64_t label;
    if (weir_cbor_read_int(pack, &label)) read_member(pack, label, base, record);
  }
  resolve(base, record);
  if (!is_finite(record->time)) pack->failed = true;
  return !pack->failed;
}

/* A time of ms resolution: a single is exact enough (error below 0.25 ms) and half as long up to this many seconds. */
static const double single_seconds_max = 8192.0;

static void put_time(weir_cbor_writer* body, int label, double seconds) {
  const bool near = seconds > -single_seconds_max && seconds < single_seconds_max;
  weir_cbor_put_int(body, label);
  weir_cbor_put_double(body, near ? (double)(float)seconds : seconds);
}

void weir_senml_put(weir_cbor_writer* body, const weir_senml_record* record, double base_time) {
  const bool has_base = base_time != 0.0;
  const bool has_unit = record->unit.size > 0;
  const bool has_time = record->time != 0.0;
  weir_cbor_put_map(body, 2U + (has_base ? 1U : 0U) + (has_unit ? 1U : 0U) + (has_time ? 1U : 0U));
  if (has_base) {
    weir_cbor_put_int(body, LABEL_BASE_TIME);
    weir_cbor_put_double(body, base_time);
  }
  weir_cbor_put_int(body, LABEL_NAME);
  weir_cbor_put_text(body, record->name.data, record->name.size);
  if (has_unit) {
    weir_cbor_put_int(body, LABEL_UNIT);
    weir_cbor_put_text(body, record->unit.data, record->unit.size);
  }
  if (record->kind == WEIR_SENML_BOOL) {
    weir_cbor_put_int(body, LABEL_BOOL);
    weir_cbor_put_bool(body, record->boolean);
  } else {
    weir_cbor_put_int(body, LABEL_VALUE);
    weir_cbor_put_double(body, record->number);
  }
  if (has_time) put_time(body, LABEL_TIME, record->time);
}
