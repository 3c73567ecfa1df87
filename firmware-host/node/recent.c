#include "node/recent.h"

#include <string.h>

weir_recent* weir_recent_find(weir_recents* recents, weir_text id) {
  for (size_t i = 0; i < WEIR_RECENT_MAX; ++i) {
    weir_recent* entry = &recents->entries[i];
    if (entry->id_size > 0 && entry->id_size == id.size && memcmp(entry->id, id.data, id.size) == 0) return entry;
  }
  return NULL;
}

/* A free entry, or else the oldest that is acknowledged. */
static weir_recent* room(weir_recents* recents) {
  weir_recent* best = NULL;
  for (size_t i = 0; i < WEIR_RECENT_MAX; ++i) {
    weir_recent* entry = &recents->entries[i];
    if (entry->id_size == 0) return entry;
    if (entry->acknowledged && (best == NULL || entry->age < best->age)) best = entry;
  }
  return best;
}

weir_recent* weir_recent_add(weir_recents* recents, weir_text id) {
  weir_recent* entry = room(recents);
  if (entry == NULL || id.size == 0 || id.size > WEIR_ID_BYTES_MAX) return NULL;
  *entry = (weir_recent){.id_size = id.size, .age = recents->next_age++};
  memcpy(entry->id, id.data, id.size);
  return entry;
}

weir_result weir_recent_result(const weir_recent* entry) {
  weir_result result = {.id = {entry->id, entry->id_size}, .ok = entry->ok};
  if (entry->ok) {
    result.result = (weir_item){entry->result, entry->result_size};
  } else {
    result.error = (weir_text){(const char*)entry->result, entry->result_size};
  }
  return result;
}
