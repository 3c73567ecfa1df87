/* The shape that all bodies share: a CBOR map with small integer keys. Used by the message encoders and decoders only.
 *
 * Purpose    read members in any order, skip unknown ones, refuse a member that occurs twice or is missing.
 * Thread     pure functions.
 * Ownership  what is read points into the frame.
 * Limits     known keys are 1 to 31.
 * Errors     the reader's `failed`.
 */
#ifndef WEIR_WIRE_BODY_H
#define WEIR_WIRE_BODY_H

#include "wire/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_KEY(key) (1U << (key))

void weir_put_uint_member(weir_cbor_writer* body, unsigned key, uint32_t value);
void weir_put_text_member(weir_cbor_writer* body, unsigned key, weir_text text);
void weir_read_text_member(weir_cbor_reader* body, weir_text* text);
void weir_read_item_member(weir_cbor_reader* body, weir_item* item);
/* An array: how many items, and a reader that sees only them. */
void weir_read_items_member(weir_cbor_reader* body, size_t* count, weir_cbor_reader* items);

/* True while there is a member: its key is read (0 for one that no version 1 knows), its value follows. Marks it in `seen`. */
bool weir_next_key(weir_cbor_reader* body, size_t* pairs, unsigned* key, unsigned* seen);

/* The map was read to the end of the body, and all `required` keys occurred. */
bool weir_body_ok(const weir_cbor_reader* body, unsigned seen, unsigned required);

#ifdef __cplusplus
}
#endif

#endif
