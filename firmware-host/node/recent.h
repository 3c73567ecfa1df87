/* Recent: the last commands and their results, so that a repeated command is answered and not executed again.
 *
 * Purpose    at most once; results are kept until they are acknowledged.
 * Thread     one.
 * Ownership  copies ids and results.
 * Limits     WEIR_RECENT_MAX commands; full of unacknowledged ones: a new one is refused (`busy`), else the oldest
 *            acknowledged one makes room. An id or result that is too long for its entry is refused.
 * Errors     null.
 */
#ifndef WEIR_NODE_RECENT_H
#define WEIR_NODE_RECENT_H

#include "wire/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_RECENT_MAX 8
#define WEIR_ID_BYTES_MAX 64
#define WEIR_RESULT_BYTES_MAX 160

typedef struct weir_recent {
  char id[WEIR_ID_BYTES_MAX];
  size_t id_size; /* 0: a free entry */
  bool ok;
  bool acknowledged;
  uint8_t result[WEIR_RESULT_BYTES_MAX]; /* with ok: an encoded item; else the error's text */
  size_t result_size;
  int64_t due_ms; /* when to send it again */
  int64_t wait_ms;
  uint32_t age; /* smaller: older */
} weir_recent;

typedef struct weir_recents {
  weir_recent entries[WEIR_RECENT_MAX];
  uint32_t next_age;
} weir_recents;

weir_recent* weir_recent_find(weir_recents* recents, weir_text id);

/* A cleared entry for a new id, or null: no room, or the id is too long. */
weir_recent* weir_recent_add(weir_recents* recents, weir_text id);

/* The entry as a RESULT; its text points into the entry. */
weir_result weir_recent_result(const weir_recent* entry);

#ifdef __cplusplus
}
#endif

#endif
