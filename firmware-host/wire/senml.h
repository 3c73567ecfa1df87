/* SenML in CBOR: the records of READINGS. RFC 8428, labels of section 6.
 *
 * Purpose    write records; read them with their base fields resolved.
 * Thread     pure functions.
 * Ownership  text points into the frame.
 * Limits     the frame.
 * Errors     reading: false and the pack's `failed` for a record that is not SenML; a record without a value that can be
 *            a reading (data, sums, NaN) has `kind` NONE: it keeps its number, its neighbours are good.
 */
#ifndef WEIR_WIRE_SENML_H
#define WEIR_WIRE_SENML_H

#include "wire/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

/* RFC 8428 section 4.5.3: smaller times are relative to now, negative ones are in the past. */
#define WEIR_SENML_RELATIVE_BELOW 268435456.0 /* 2^28 */

typedef enum weir_senml_kind { WEIR_SENML_NONE, WEIR_SENML_NUMBER, WEIR_SENML_BOOL, WEIR_SENML_TEXT } weir_senml_kind;

typedef struct weir_senml_record {
  weir_text base_name; /* the full name is the base name and the name behind it */
  weir_text name;
  weir_text unit;
  weir_senml_kind kind;
  double number;
  bool whole; /* NUMBER: it came as an integer, and `integer` is exact */
  int64_t integer;
  bool boolean;
  weir_text text;
  double time; /* seconds: since 1970, or relative to now */
} weir_senml_record;

/* Reads the next of a pack's records; the base fields carry over in `base`, which begins as zeros. */
typedef struct weir_senml_base {
  weir_text name;
  weir_text unit;
  double time;
  double value;
} weir_senml_base;
bool weir_senml_next(weir_cbor_reader* pack, weir_senml_base* base, weir_senml_record* record);

/* Writes one record: name, unit (empty: none), value (a number or a boolean), and where not 0 base time and time. */
void weir_senml_put(weir_cbor_writer* body, const weir_senml_record* record, double base_time);

#ifdef __cplusplus
}
#endif

#endif
