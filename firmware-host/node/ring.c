#include "node/ring.h"

void weir_ring_init(weir_ring* ring, weir_sample* samples, uint32_t capacity) {
  *ring = (weir_ring){.samples = samples, .capacity = capacity};
}

static void release(weir_ring* ring, uint32_t count) {
  ring->start = (uint32_t)(((uint64_t)ring->start + count) % ring->capacity);
  ring->count -= count;
  ring->oldest += count;
}

void weir_ring_add(weir_ring* ring, const weir_sample* sample) {
  if (ring->count == ring->capacity) {
    release(ring, 1);
    ++ring->dropped;
  }
  ring->samples[((uint64_t)ring->start + ring->count) % ring->capacity] = *sample;
  ++ring->count;
}

const weir_sample* weir_ring_at(const weir_ring* ring, uint32_t number) {
  return &ring->samples[((uint64_t)ring->start + (number - ring->oldest)) % ring->capacity];
}

bool weir_ring_acknowledge(weir_ring* ring, uint32_t number) {
  if (number >= weir_ring_end(ring)) return false;
  if (number >= ring->oldest) {
    release(ring, number - ring->oldest + 1);
    ring->dropped = 0;
    return true;
  }
  /* It was dropped here while it was under way, and arrived all the same. */
  if (number < ring->oldest - ring->dropped) return false;
  ring->dropped = ring->oldest - number - 1;
  return true;
}

void weir_ring_renumber(weir_ring* ring) { ring->oldest = ring->dropped; }
