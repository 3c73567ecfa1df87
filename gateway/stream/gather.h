// Gather: the newest reading of each series from a range of the log, and every other record of it.
//
// Purpose    what every=D and lag=latest send instead of all readings.
// Thread     belongs to one thread.
// Ownership  copies of records: it keeps no block alive.
// Limits     one reading for each series; `events_max` other records, then full().
// Errors     none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "log/record.h"

namespace weir::gateway {

class Gather {
 public:
  struct Item {
    Record record;
    std::uint64_t merged = 0;  // how many older readings it stands for
  };

  explicit Gather(std::size_t events_max) : events_max_(events_max) {}

  /// Records come in ascending sequence. `merged` counts further ones that the caller knows of. Not after seal().
  void add(const Record& record, std::uint64_t merged = 0);
  bool empty() const { return items_.empty(); }
  bool full() const { return events_ >= events_max_; }
  Timestamp opened() const { return opened_; }  // when the log received the first record

  /// By sequence from now on; then front() and pop() until it is empty again.
  void seal();
  bool sealed() const { return sealed_; }
  const Item& front() const { return items_[next_]; }
  void pop();

 private:
  const std::size_t events_max_;
  std::vector<Item> items_;
  std::unordered_map<std::uint32_t, std::size_t> by_series_;
  Timestamp opened_;
  std::size_t events_ = 0;
  std::size_t next_ = 0;
  bool sealed_ = false;
};

}  // namespace weir::gateway
