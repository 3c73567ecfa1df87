#include "wire/body.h"

void weir_put_uint_member(weir_cbor_writer* body, unsigned key, uint32_t value) {
  weir_cbor_put_uint(body, key);
  weir_cbor_put_uint(body, value);
}

void weir_put_text_member(weir_cbor_writer* body, unsigned key, weir_text text) {
  weir_cbor_put_uint(body, key);
  weir_cbor_put_text(body, text.data, text.size);
}

void weir_read_text_member(weir_cbor_reader* body, weir_text* text) { weir_cbor_read_text(body, &text->data, &text->size); }

void weir_read_item_member(weir_cbor_reader* body, weir_item* item) {
  item->data = body->next;
  if (weir_cbor_skip(body)) item->size = (size_t)(body->next - item->data);
}

void weir_read_items_member(weir_cbor_reader* body, size_t* count, weir_cbor_reader* items) {
  weir_cbor_reader inner = *body;
  if (!weir_cbor_skip(body)) return;
  if (!weir_cbor_read_array(&inner, count)) {
    body->failed = true;
    return;
  }
  weir_cbor_reader_init(items, inner.next, (size_t)(body->next - inner.next));
}

bool weir_next_key(weir_cbor_reader* body, size_t* pairs, unsigned* key, unsigned* seen) {
  int64_t number;
  if (body->failed || *pairs == 0) return false;
  --*pairs;
  if (!weir_cbor_read_int(body, &number)) return false;
  *key = number > 0 && number < 32 ? (unsigned)number : 0;
  if (*key != 0 && (*seen & WEIR_KEY(*key)) != 0) body->failed = true;
  *seen |= WEIR_KEY(*key);
  return !body->failed;
}

bool weir_body_ok(const weir_cbor_reader* body, unsigned seen, unsigned required) {
  return weir_cbor_at_end(body) && (seen & required) == required;
}
