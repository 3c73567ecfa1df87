// Deadlines: the next thing that each connection waits for, in one heap.
//
// Purpose    one timer for ten thousand connections.
// Thread     the server's.
// Ownership  names connections by id; a connection that is gone is passed over by its owner.
// Limits     an entry for each time that a deadline was moved nearer; moving it away costs nothing here.
// Errors     none.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "base/time.h"

namespace weir::gateway {

class Deadlines {
 public:
  void push(Monotonic at, std::uint64_t id) { heap_.emplace(at, id); }

  std::optional<Monotonic> next() const { return heap_.empty() ? std::nullopt : std::optional(heap_.top().first); }

  /// One entry that is due. Its owner compares the time with its own: an entry that was overtaken says nothing.
  using Entry = std::pair<Monotonic, std::uint64_t>;
  std::optional<Entry> pop_due(Monotonic now) {
    if (heap_.empty() || heap_.top().first > now) return std::nullopt;
    const Entry entry = heap_.top();
    heap_.pop();
    return entry;
  }

 private:
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
};

}  // namespace weir::gateway
