// Order: whether one client got every number once and in order.
//
// Purpose    numbers go up by one; what is missing, comes twice or comes late is told apart exactly.
// Thread     belongs to the loop of the load generator.
// Ownership  owns the ranges that are missing.
// Limits     a range costs 64 bytes; a server that drops every second record would need one for each.
// Errors     none: faults are what it counts.
#pragma once

#include <cstdint>
#include <map>

namespace weir::bench {

struct OrderFaults {
  std::uint64_t lost = 0, repeated = 0, out_of_order = 0;
};

class Order {
 public:
  Order() = default;
  /// `first`: the number that has to come first; without it, whatever comes first is right.
  explicit Order(std::uint64_t first) : next_(first) {}

  void take(std::uint64_t number) {
    if (number == next_ || next_ == 0) [[likely]]
      next_ = number + 1;
    else
      take_unexpected(number);
  }

  std::uint64_t next() const { return next_; }

  /// All faults, when `last` was the last number sent (0: unknown, only what is missing in between counts).
  OrderFaults faults(std::uint64_t last) const {
    OrderFaults out{.repeated = repeated_, .out_of_order = out_of_order_};
    for (const auto& [from, to] : missing_) out.lost += to - from;
    if (last != 0 && last + 1 > next_) out.lost += last + 1 - next_;
    return out;
  }

 private:
  void take_unexpected(std::uint64_t number) {
    if (number > next_) {
      missing_[next_] = number;
      next_ = number + 1;
      return;
    }
    auto range = missing_.upper_bound(number);
    if (range == missing_.begin() || (--range)->second <= number) {
      ++repeated_;
      return;
    }
    ++out_of_order_;
    const auto [from, to] = *range;
    missing_.erase(range);
    if (from < number) missing_[from] = number;
    if (number + 1 < to) missing_[number + 1] = to;
  }

  std::uint64_t next_ = 0;
  std::uint64_t repeated_ = 0, out_of_order_ = 0;
  std::map<std::uint64_t, std::uint64_t> missing_;  // from -> first that is there again
};

}  // namespace weir::bench
