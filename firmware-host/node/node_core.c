#include "node/node_core.h"

#include <string.h>

#include "node/node_readings.h"
#include "wire/senml.h"

static const int64_t hello_first_ms = 1000;
static const int64_t result_first_ms = 500;
static const int64_t resend_first_ms = 500;
static const int64_t wait_longest_ms = 30000;
static const int64_t time_asked_every_ms = 600000;
/* Beyond it numbers begin anew as soon as nothing is under way: they must not wrap within a boot. */
static const uint32_t renumber_from = 0x80000000U;

static void retry_later(weir_retry* retry, int64_t now_ms) {
  retry->due_ms = now_ms + retry->wait_ms;
  retry->wait_ms = 2 * retry->wait_ms < wait_longest_ms ? 2 * retry->wait_ms : wait_longest_ms;
}

static bool send_frame(weir_node* node) {
  const size_t size = weir_frame_finish(&node->frame, node->line);
  return size > 0 && node->options.write(node->options.context, node->line, size);
}

/* -- Getting to know each other -- */

static void unlink(weir_node* node, int64_t now_ms) {
  node->linked = false;
  node->hello = (weir_retry){now_ms, hello_first_ms};
}

static void begin_boot(weir_node* node, int64_t now_ms) {
  node->boot = node->options.new_boot(node->options.context);
  node->next = node->ring.oldest;
  unlink(node, now_ms);
}

static void put_hello(weir_node* node) {
  const weir_node_options* options = &node->options;
  const weir_hello hello = {.device = options->device,
                            .firmware = options->firmware,
                            .version = options->version,
                            .boot = node->boot,
                            .frame_bytes_max = WEIR_FRAME_BYTES_MAX,
                            .commands = options->commands,
                            .command_count = options->command_count};
  weir_put_hello(&node->frame, &hello);
}

bool weir_node_init(weir_node* node, const weir_node_options* options, int64_t now_ms) {
  *node = (weir_node){.options = *options, .resend = {now_ms, resend_first_ms}};
  weir_ring_init(&node->ring, options->samples, options->capacity);
  weir_cobs_deframer_init(&node->deframer, node->received, sizeof node->received);
  begin_boot(node, now_ms);
  put_hello(node);
  return weir_frame_finish(&node->frame, node->line) > 0;
}

static void send_hello(weir_node* node, int64_t now_ms) {
  put_hello(node);
  if (send_frame(node)) retry_later(&node->hello, now_ms);
}

static void on_time(weir_node* node, const weir_time* time, int64_t now_ms) {
  /* A gateway whose own clock is not set cannot set ours; SenML would take such times for relative ones. */
  if (time->known && time->seconds >= WEIR_SENML_RELATIVE_BELOW) {
    node->clock_known = true;
    node->clock_offset_ms = (int64_t)(time->seconds * 1000.0 + 0.5) - now_ms;
    node->ask_time_ms = now_ms + time_asked_every_ms;
  }
  if (time->want_hello) {
    unlink(node, now_ms);
  } else if (!node->linked) {
    /* Whoever answers now may be another gateway than the one that has the readings under way. */
    node->linked = true;
    node->probing = false;
    node->next = node->ring.oldest;
    node->resend.wait_ms = resend_first_ms;
  }
}

static void ask_time(weir_node* node, int64_t now_ms) {
  const weir_time unknown = {0};
  if (now_ms < node->ask_time_ms) return;
  weir_put_time(&node->frame, &unknown);
  if (send_frame(node)) node->ask_time_ms = now_ms + time_asked_every_ms;
}

/* -- Readings -- */

static void renumber(weir_node* node, int64_t now_ms) {
  weir_ring_renumber(&node->ring);
  begin_boot(node, now_ms);
}

bool weir_node_add(weir_node* node, const weir_sample* sample) {
  if (sample->channel >= node->options.channel_count || sample->value - sample->value != 0.0) return false;
  /* The gateway was away for 2^31 readings: begin anew without waiting for it. */
  if (weir_ring_end(&node->ring) == UINT32_MAX) renumber(node, node->hello.due_ms);
  weir_ring_add(&node->ring, sample);
  if (node->next < node->ring.oldest) node->next = node->ring.oldest;
  return true;
}

static void on_ack(weir_node* node, const weir_ack* ack, int64_t now_ms) {
  if (ack->boot != node->boot || !weir_ring_acknowledge(&node->ring, ack->sequence)) return;
  if (node->next < node->ring.oldest) node->next = node->ring.oldest;
  node->probing = false;
  node->resend = (weir_retry){now_ms + resend_first_ms, resend_first_ms};
}

static bool window_open(const weir_node* node) {
  const uint32_t under_way = node->next - node->ring.oldest;
  return node->next != weir_ring_end(&node->ring) && under_way < (node->probing ? 1U : WEIR_NODE_WINDOW);
}

static void go_back(weir_node* node) {
  node->next = node->ring.oldest;
  node->probing = true;
}

static void send_readings(weir_node* node, int64_t now_ms) {
  const bool under_way = node->next != node->ring.oldest;
  if (under_way && now_ms >= node->resend.due_ms) go_back(node);
  if (node->next >= renumber_from && !node->probing) {
    if (!under_way) renumber(node, now_ms);
    return;
  }
  while (window_open(node)) {
    const bool first = node->next == node->ring.oldest;
    const uint32_t count = weir_put_node_readings(node, now_ms);
    if (!send_frame(node)) return;
    node->next += count;
    if (first) retry_later(&node->resend, now_ms);
  }
}

/* -- Commands -- */

static void refuse(weir_node* node, weir_text id, const char* why) {
  const weir_result result = {.id = id, .error = {why, strlen(why)}};
  weir_put_result(&node->frame, &result);
  send_frame(node);
}

static void execute(weir_node* node, const weir_command* command, weir_recent* entry) {
  weir_cbor_writer result;
  weir_text error = {0};
  weir_cbor_writer_init(&result, entry->result, sizeof entry->result);
  entry->ok = node->options.execute(node->options.context, command, &result, &error);
  entry->result_size = weir_cbor_fits(&result) ? result.size : 0; /* done, but too long to tell */
  if (!entry->ok) {
    entry->result_size = error.size < sizeof entry->result ? error.size : sizeof entry->result;
    if (entry->result_size > 0) memcpy(entry->result, error.data, entry->result_size);
  }
}

static void on_command(weir_node* node, const weir_command* command, int64_t now_ms) {
  weir_recent* entry = weir_recent_find(&node->recents, command->id);
  if (entry == NULL) {
    if (command->ttl_ms == 0) {
      refuse(node, command->id, "expired");
      return;
    }
    entry = weir_recent_add(&node->recents, command->id);
    if (entry == NULL) {
      refuse(node, command->id, "busy");
      return;
    }
    execute(node, command, entry);
  }
  entry->acknowledged = false;
  entry->due_ms = now_ms;
  entry->wait_ms = result_first_ms;
}

static void send_results(weir_node* node, int64_t now_ms) {
  for (size_t i = 0; i < WEIR_RECENT_MAX; ++i) {
    weir_recent* entry = &node->recents.entries[i];
    if (entry->id_size == 0 || entry->acknowledged || now_ms < entry->due_ms) continue;
    const weir_result result = weir_recent_result(entry);
    weir_retry retry = {entry->due_ms, entry->wait_ms};
    weir_put_result(&node->frame, &result);
    if (!send_frame(node)) return;
    retry_later(&retry, now_ms);
    entry->due_ms = retry.due_ms;
    entry->wait_ms = retry.wait_ms;
  }
}

static void on_result_ack(weir_node* node, weir_text id) {
  weir_recent* entry = weir_recent_find(&node->recents, id);
  if (entry != NULL) entry->acknowledged = true;
}

/* -- In and out -- */

static void on_frame(weir_node* node, int64_t now_ms) {
  weir_frame_type type;
  weir_cbor_reader body;
  weir_ack ack;
  weir_time time;
  weir_command command;
  weir_text id;
  const weir_frame_status status = weir_frame_open(node->received, node->deframer.size, &type, &body);
  if (status == WEIR_FRAME_DAMAGED) ++node->frames_damaged;
  if (status != WEIR_FRAME_OK) return;
  if (type == WEIR_TIME && weir_read_time(&body, &time)) on_time(node, &time, now_ms);
  if (type == WEIR_ACK && weir_read_ack(&body, &ack)) on_ack(node, &ack, now_ms);
  if (type == WEIR_COMMAND && weir_read_command(&body, &command)) on_command(node, &command, now_ms);
  if (type == WEIR_RESULT_ACK && weir_read_result_ack(&body, &id)) on_result_ack(node, id);
}

void weir_node_receive(weir_node* node, const uint8_t* bytes, size_t size, int64_t now_ms) {
  for (size_t i = 0; i < size; ++i) {
    if (weir_cobs_push(&node->deframer, bytes[i])) on_frame(node, now_ms);
  }
}

void weir_node_poll(weir_node* node, int64_t now_ms) {
  if (!node->linked) {
    if (now_ms >= node->hello.due_ms) send_hello(node, now_ms);
    return;
  }
  send_results(node, now_ms);
  ask_time(node, now_ms);
  send_readings(node, now_ms);
}
