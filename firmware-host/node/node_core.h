/* Node: the firmware's side of the wire protocol. gateway/docs/wire.md.
 *
 * Purpose    say who it is, send readings until they are acknowledged, execute commands at most once, keep the time.
 * Thread     one; nothing blocks. Time comes in as milliseconds of a monotonic clock.
 * Ownership  the options' tables and storage outlive the node.
 * Limits     `capacity` unacknowledged readings (oldest dropped and counted), WEIR_NODE_WINDOW under way,
 *            WEIR_RECENT_MAX results waiting (then `busy`). About 4 KB besides the readings' storage.
 * Errors     init only: what cannot be written now is written at a later poll.
 */
#ifndef WEIR_NODE_NODE_CORE_H
#define WEIR_NODE_NODE_CORE_H

#include "node/recent.h"
#include "node/ring.h"
#include "wire/hello.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_NODE_WINDOW 256U

typedef struct weir_channel {
  weir_text name;
  weir_text unit;
} weir_channel;

typedef struct weir_node_options {
  weir_text device;
  weir_text firmware;
  weir_text version;
  const weir_channel* channels;
  size_t channel_count;
  const weir_declaration* commands;
  size_t command_count;
  weir_sample* samples;
  uint32_t capacity;

  void* context;
  /* All of it or nothing. */
  bool (*write)(void* context, const uint8_t* bytes, size_t size);
  /* True: done, with at most one item in `result`. False: `error` says why. */
  bool (*execute)(void* context, const weir_command* command, weir_cbor_writer* result, weir_text* error);
  /* An id that no boot had before. */
  uint32_t (*new_boot)(void* context);
} weir_node_options;

typedef struct weir_retry {
  int64_t due_ms;
  int64_t wait_ms;
} weir_retry;

typedef struct weir_node {
  weir_node_options options;
  weir_ring ring;
  weir_recents recents;
  weir_cobs_deframer deframer;
  uint8_t received[WEIR_FRAME_BYTES_MAX];
  weir_frame frame;
  uint8_t line[WEIR_LINE_BYTES_MAX];

  uint32_t boot;
  bool linked; /* the gateway answered our HELLO */
  weir_retry hello;
  uint32_t next; /* the number to be sent next */
  bool probing;  /* after a time-out: one frame at a time until an ACK */
  weir_retry resend;
  bool clock_known;
  int64_t clock_offset_ms; /* UTC less the monotonic clock */
  int64_t ask_time_ms;
  uint32_t frames_damaged;
} weir_node;

/* False: the declared commands are too many for one HELLO. */
bool weir_node_init(weir_node* node, const weir_node_options* options, int64_t now_ms);

/* A reading; false for a channel that is none or a value that is not finite. */
bool weir_node_add(weir_node* node, const weir_sample* sample);

void weir_node_receive(weir_node* node, const uint8_t* bytes, size_t size, int64_t now_ms);

/* Sends what is due. Call it after adding and receiving, and every 10 ms or so. */
void weir_node_poll(weir_node* node, int64_t now_ms);

#ifdef __cplusplus
}
#endif

#endif
