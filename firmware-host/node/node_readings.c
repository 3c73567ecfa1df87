#include "node/node_readings.h"

#include "wire/senml.h"

/* The map's head, keys and numbers before the records: at most 5 bytes for each of 4 numbers, 1 for each of 5 keys, 1 + 3 for
 * heads. */
enum { HEAD_BYTES_MAX = 29 };

static bool is_dated(const weir_node* node, const weir_sample* sample) { return sample->absolute || node->clock_known; }

/* Since 1970 where it is dated, else as the monotonic clock has it. */
static int64_t time_of(const weir_node* node, const weir_sample* sample) {
  return sample->absolute || !node->clock_known ? sample->time_ms : sample->time_ms + node->clock_offset_ms;
}

/* Dated: `base_ms` is the first record's time and travels with it. Otherwise it is now, and times are negative ages. */
static void put_record(const weir_node* node, weir_cbor_writer* body, const weir_sample* sample, int64_t base_ms, bool first) {
  const weir_channel* channel = &node->options.channels[sample->channel];
  const bool dated = is_dated(node, sample);
  weir_senml_record record = {.name = channel->name, .unit = channel->unit, .number = sample->value};
  record.kind = sample->boolean ? WEIR_SENML_BOOL : WEIR_SENML_NUMBER;
  record.boolean = sample->value != 0.0;
  record.time = (double)(time_of(node, sample) - base_ms) / 1000.0;
  weir_senml_put(body, &record, dated && first ? (double)base_ms / 1000.0 : 0.0);
}

static int64_t base_of(const weir_node* node, int64_t now_ms) {
  const weir_sample* first = weir_ring_at(&node->ring, node->next);
  return is_dated(node, first) ? time_of(node, first) : now_ms;
}

/* As many as fit; dated and undated ones do not share a frame, for they count from different times. */
static uint32_t how_many(const weir_node* node, int64_t base_ms) {
  const uint32_t end = weir_ring_end(&node->ring);
  const bool dated = is_dated(node, weir_ring_at(&node->ring, node->next));
  weir_cbor_writer measure;
  weir_cbor_writer_init(&measure, NULL, 0);
  uint32_t number = node->next;
  for (; number != end; ++number) {
    const weir_sample* sample = weir_ring_at(&node->ring, number);
    if (is_dated(node, sample) != dated) break;
    put_record(node, &measure, sample, base_ms, number == node->next);
    if (measure.size > WEIR_FRAME_BYTES_MAX - WEIR_FRAME_OVERHEAD_BYTES - HEAD_BYTES_MAX && number != node->next) break;
  }
  return number - node->next;
}

uint32_t weir_put_node_readings(weir_node* node, int64_t now_ms) {
  const int64_t base_ms = base_of(node, now_ms);
  const uint32_t count = how_many(node, base_ms);
  const weir_readings head = {
      .boot = node->boot, .first = node->next, .oldest = node->ring.oldest, .dropped = node->ring.dropped, .count = count};
  weir_put_readings(&node->frame, &head);
  for (uint32_t i = 0; i < count; ++i) {
    put_record(node, &node->frame.body, weir_ring_at(&node->ring, node->next + i), base_ms, i == 0);
  }
  return count;
}
