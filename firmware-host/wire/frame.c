#include "wire/frame.h"

#include "wire/body.h"
#include "wire/crc32c.h"

enum { CRC_BYTES = 4 };

void weir_frame_begin(weir_frame* frame, weir_frame_type type) {
  frame->bytes[0] = (uint8_t)(WEIR_WIRE_VERSION << 4U | (unsigned)type);
  weir_cbor_writer_init(&frame->body, frame->bytes + 1, WEIR_FRAME_BYTES_MAX - WEIR_FRAME_OVERHEAD_BYTES);
}

size_t weir_frame_finish(weir_frame* frame, uint8_t* line) {
  if (!weir_cbor_fits(&frame->body)) return 0;
  const size_t size = 1 + frame->body.size;
  const uint32_t crc = weir_crc32c(frame->bytes, size);
  for (unsigned i = 0; i < CRC_BYTES; ++i) frame->bytes[size + i] = (uint8_t)(crc >> (8U * i));
  return weir_cobs_encode(frame->bytes, size + CRC_BYTES, line);
}

static uint32_t little_endian(const uint8_t* bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8U | (uint32_t)bytes[2] << 16U | (uint32_t)bytes[3] << 24U;
}

weir_frame_status weir_frame_open(const uint8_t* frame, size_t size, weir_frame_type* type, weir_cbor_reader* body) {
  if (size <= WEIR_FRAME_OVERHEAD_BYTES) return WEIR_FRAME_DAMAGED;
  if (weir_crc32c(frame, size - CRC_BYTES) != little_endian(frame + size - CRC_BYTES)) return WEIR_FRAME_DAMAGED;
  if (frame[0] >> 4U != WEIR_WIRE_VERSION) return WEIR_FRAME_OTHER_VERSION;
  const unsigned kind = frame[0] & 0xFU;
  if (kind < WEIR_HELLO || kind > WEIR_TIME) return WEIR_FRAME_UNKNOWN_TYPE;
  *type = (weir_frame_type)kind;
  weir_cbor_reader_init(body, frame + 1, size - WEIR_FRAME_OVERHEAD_BYTES);
  return WEIR_FRAME_OK;
}

/* -- ACK -- */

enum { ACK_BOOT = 1, ACK_SEQUENCE = 2 };

void weir_put_ack(weir_frame* frame, const weir_ack* ack) {
  weir_frame_begin(frame, WEIR_ACK);
  weir_cbor_put_map(&frame->body, 2);
  weir_put_uint_member(&frame->body, ACK_BOOT, ack->boot);
  weir_put_uint_member(&frame->body, ACK_SEQUENCE, ack->sequence);
}

bool weir_read_ack(weir_cbor_reader* body, weir_ack* ack) {
  size_t pairs;
  unsigned key, seen = 0;
  *ack = (weir_ack){0};
  if (!weir_cbor_read_map(body, &pairs)) return false;
  while (weir_next_key(body, &pairs, &key, &seen)) {
    switch (key) {
      case ACK_BOOT: weir_cbor_read_uint32(body, &ack->boot); break;
      case ACK_SEQUENCE: weir_cbor_read_uint32(body, &ack->sequence); break;
      default: weir_cbor_skip(body);
    }
  }
  return weir_body_ok(body, seen, WEIR_KEY(ACK_BOOT) | WEIR_KEY(ACK_SEQUENCE));
}

/* -- TIME -- */

enum { TIME_SECONDS = 1, TIME_WANT_HELLO = 2 };

void weir_put_time(weir_frame* frame, const weir_time* time) {
  weir_frame_begin(frame, WEIR_TIME);
  weir_cbor_put_map(&frame->body, (size_t)(time->known ? 1 : 0) + (time->want_hello ? 1 : 0));
  if (time->known) {
    weir_cbor_put_uint(&frame->body, TIME_SECONDS);
    weir_cbor_put_double(&frame->body, time->seconds);
  }
  if (time->want_hello) {
    weir_cbor_put_uint(&frame->body, TIME_WANT_HELLO);
    weir_cbor_put_bool(&frame->body, true);
  }
}

bool weir_read_time(weir_cbor_reader* body, weir_time* time) {
  size_t pairs;
  unsigned key, seen = 0;
  *time = (weir_time){0};
  if (!weir_cbor_read_map(body, &pairs)) return false;
  while (weir_next_key(body, &pairs, &key, &seen)) {
    switch (key) {
      case TIME_SECONDS: time->known = weir_cbor_read_number(body, &time->seconds); break;
      case TIME_WANT_HELLO: weir_cbor_read_bool(body, &time->want_hello); break;
      default: weir_cbor_skip(body);
    }
  }
  /* Compared so that NaN is refused as well. */
  return weir_body_ok(body, seen, 0) && (!time->known || (time->seconds >= 0.0 && time->seconds < 9.2e9));
}

/* -- COMMAND, RESULT, RESULT_ACK -- */

enum { COMMAND_ID = 1, COMMAND_NAME = 2, COMMAND_ARGS = 3, COMMAND_TTL = 4 };

void weir_put_command(weir_frame* frame, const weir_command* command) {
  weir_frame_begin(frame, WEIR_COMMAND);
  weir_cbor_put_map(&frame->body, 4);
  weir_put_text_member(&frame->body, COMMAND_ID, command->id);
  weir_put_text_member(&frame->body, COMMAND_NAME, command->name);
  weir_cbor_put_uint(&frame->body, COMMAND_ARGS);
  weir_cbor_put_raw(&frame->body, command->args.data, command->args.size);
  weir_put_uint_member(&frame->body, COMMAND_TTL, command->ttl_ms);
}

bool weir_read_command(weir_cbor_reader* body, weir_command* command) {
  size_t pairs;
  unsigned key, seen = 0;
  *command = (weir_command){0};
  if (!weir_cbor_read_map(body, &pairs)) return false;
  while (weir_next_key(body, &pairs, &key, &seen)) {
    switch (key) {
      case COMMAND_ID: weir_read_text_member(body, &command->id); break;
      case COMMAND_NAME: weir_read_text_member(body, &command->name); break;
      case COMMAND_ARGS: weir_read_item_member(body, &command->args); break;
      case COMMAND_TTL: weir_cbor_read_uint32(body, &command->ttl_ms); break;
      default: weir_cbor_skip(body);
    }
  }
  const unsigned all = WEIR_KEY(COMMAND_ID) | WEIR_KEY(COMMAND_NAME) | WEIR_KEY(COMMAND_ARGS) | WEIR_KEY(COMMAND_TTL);
  return weir_body_ok(body, seen, all) && command->id.size > 0 && command->args.data[0] >> 5U == 5U /* a map */;
}

enum { RESULT_ID = 1, RESULT_OK = 2, RESULT_VALUE = 3, RESULT_ERROR = 4 };

void weir_put_result(weir_frame* frame, const weir_result* result) {
  const bool has_value = result->ok && result->result.size > 0;
  weir_frame_begin(frame, WEIR_RESULT);
  weir_cbor_put_map(&frame->body, has_value || !result->ok ? 3 : 2);
  weir_put_text_member(&frame->body, RESULT_ID, result->id);
  weir_cbor_put_uint(&frame->body, RESULT_OK);
  weir_cbor_put_bool(&frame->body, result->ok);
  if (has_value) {
    weir_cbor_put_uint(&frame->body, RESULT_VALUE);
    weir_cbor_put_raw(&frame->body, result->result.data, result->result.size);
  }
  if (!result->ok) weir_put_text_member(&frame->body, RESULT_ERROR, result->error);
}

bool weir_read_result(weir_cbor_reader* body, weir_result* result) {
  size_t pairs;
  unsigned key, seen = 0;
  *result = (weir_result){0};
  if (!weir_cbor_read_map(body, &pairs)) return false;
  while (weir_next_key(body, &pairs, &key, &seen)) {
    switch (key) {
      case RESULT_ID: weir_read_text_member(body, &result->id); break;
      case RESULT_OK: weir_cbor_read_bool(body, &result->ok); break;
      case RESULT_VALUE: weir_read_item_member(body, &result->result); break;
      case RESULT_ERROR: weir_read_text_member(body, &result->error); break;
      default: weir_cbor_skip(body);
    }
  }
  return weir_body_ok(body, seen, WEIR_KEY(RESULT_ID) | WEIR_KEY(RESULT_OK)) && result->id.size > 0;
}

void weir_put_result_ack(weir_frame* frame, weir_text id) {
  weir_frame_begin(frame, WEIR_RESULT_ACK);
  weir_cbor_put_map(&frame->body, 1);
  weir_put_text_member(&frame->body, RESULT_ID, id);
}

bool weir_read_result_ack(weir_cbor_reader* body, weir_text* id) {
  weir_text text = {0};
  size_t pairs;
  unsigned key, seen = 0;
  if (!weir_cbor_read_map(body, &pairs)) return false;
  while (weir_next_key(body, &pairs, &key, &seen)) {
    if (key == RESULT_ID) {
      weir_read_text_member(body, &text);
    } else {
      weir_cbor_skip(body);
    }
  }
  *id = text;
  return weir_body_ok(body, seen, WEIR_KEY(RESULT_ID)) && text.size > 0;
}

/* -- READINGS -- */

enum { READINGS_BOOT = 1, READINGS_FIRST = 2, READINGS_OLDEST = 3, READINGS_DROPPED = 4, READINGS_PACK = 5 };

void weir_put_readings(weir_frame* frame, const weir_readings* readings) {
  const bool has_oldest = readings->oldest != readings->first;
  const bool has_dropped = readings->dropped > 0;
  weir_frame_begin(frame, WEIR_READINGS);
  weir_cbor_put_map(&frame->body, 3U + (has_oldest ? 1U : 0U) + (has_dropped ? 1U : 0U));
  weir_put_uint_member(&frame->body, READINGS_BOOT, readings->boot);
  weir_put_uint_member(&frame->body, READINGS_FIRST, readings->first);
  if (has_oldest) weir_put_uint_member(&frame->body, READINGS_OLDEST, readings->oldest);
  if (has_dropped) weir_put_uint_member(&frame->body, READINGS_DROPPED, readings->dropped);
  weir_cbor_put_uint(&frame->body, READINGS_PACK);
  weir_cbor_put_array(&frame->body, readings->count);
}

bool weir_read_readings(weir_cbor_reader* body, weir_readings* readings) {
  size_t pairs;
  unsigned key, seen = 0;
  *readings = (weir_readings){0};
  if (!weir_cbor_read_map(body, &pairs)) return false;
  while (weir_next_key(body, &pairs, &key, &seen)) {
    switch (key) {
      case READINGS_BOOT: weir_cbor_read_uint32(body, &readings->boot); break;
      case READINGS_FIRST: weir_cbor_read_uint32(body, &readings->first); break;
      case READINGS_OLDEST: weir_cbor_read_uint32(body, &readings->oldest); break;
      case READINGS_DROPPED: weir_cbor_read_uint32(body, &readings->dropped); break;
      case READINGS_PACK: weir_read_items_member(body, &readings->count, &readings->pack); break;
      default: weir_cbor_skip(body);
    }
  }
  if ((seen & WEIR_KEY(READINGS_OLDEST)) == 0) readings->oldest = readings->first;
  if (!weir_body_ok(body, seen, WEIR_KEY(READINGS_BOOT) | WEIR_KEY(READINGS_FIRST) | WEIR_KEY(READINGS_PACK))) return false;
  /* Numbers do not wrap within a boot, and nothing that is dropped is younger than what is held. */
  return readings->count > 0 && readings->count - 1 <= UINT32_MAX - readings->first && readings->oldest <= readings->first &&
         readings->dropped <= readings->oldest;
}
