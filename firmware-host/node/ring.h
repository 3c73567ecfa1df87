/* Ring: the readings that nobody has acknowledged yet, numbered.
 *
 * Purpose    store and forward.
 * Thread     one.
 * Ownership  the caller's storage.
 * Limits     `capacity` readings. Full: the oldest is dropped and counted.
 * Errors     none. Numbers end at UINT32_MAX: whoever adds renumbers before (weir_ring_renumber).
 */
#ifndef WEIR_NODE_RING_H
#define WEIR_NODE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_sample {
  int64_t time_ms; /* of the monotonic clock, or since 1970 if `absolute` */
  double value;    /* finite; 0 and 1 if `boolean` */
  uint16_t channel;
  bool boolean;
  bool absolute;
} weir_sample;

typedef struct weir_ring {
  weir_sample* samples;
  uint32_t capacity;
  uint32_t start; /* index of the oldest */
  uint32_t count;
  uint32_t oldest;  /* number of the oldest, or of the next to come where there is none */
  uint32_t dropped; /* how many just before `oldest` were dropped and never acknowledged */
} weir_ring;

void weir_ring_init(weir_ring* ring, weir_sample* samples, uint32_t capacity);
void weir_ring_add(weir_ring* ring, const weir_sample* sample);

/* The sample with this number, which the ring holds. */
const weir_sample* weir_ring_at(const weir_ring* ring, uint32_t number);
static inline uint32_t weir_ring_end(const weir_ring* ring) { return ring->oldest + ring->count; }

/* This number and all before it are safe elsewhere. True where it moved on; older and unknown numbers change nothing. */
bool weir_ring_acknowledge(weir_ring* ring, uint32_t number);

/* Numbers of a new boot: from 0, where what was dropped and not acknowledged comes first. */
void weir_ring_renumber(weir_ring* ring);

#ifdef __cplusplus
}
#endif

#endif
