#include "stream/gather.h"

#include <algorithm>
#include <cassert>

namespace weir::gateway {

void Gather::add(const Record& record, std::uint64_t merged) {
  assert(!sealed_);
  if (items_.empty()) opened_ = record.received;
  if (record.series == nullptr) {
    ++events_;
    items_.push_back({record, 0});
    return;
  }
  const auto [known, is_new] = by_series_.try_emplace(record.series->id, items_.size());
  if (is_new) {
    items_.push_back({record, merged});
    return;
  }
  Item& item = items_[known->second];
  item.record = record;
  item.merged += 1 + merged;
}

void Gather::seal() {
  std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.record.seq < b.record.seq; });
  sealed_ = !items_.empty();
}

void Gather::pop() {
  assert(sealed_);
  if (++next_ < items_.size()) return;
  items_.clear();
  by_series_.clear();
  events_ = next_ = 0;
  sealed_ = false;
}

}  // namespace weir::gateway
