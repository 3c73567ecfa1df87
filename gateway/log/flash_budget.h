// FlashBudget: how long commits may wait for a sync, so that the flash is written no more than the operator wants.
//
// Purpose    each sync writes at least a block, however little is new: fewer syncs wear the flash less. The interval grows
//            while what is written would pass the budget in a day, and shrinks when it would not.
// Thread     one thread at a time.
// Ownership  none.
// Limits     sync_interval_min without a budget; up to sync_interval_max with one.
// Errors     none: where the longest interval is not enough, over_budget() says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "base/time.h"

namespace weir::gateway {

// With the sync itself under the second that `bounded` promises.
inline constexpr std::chrono::milliseconds sync_interval_min{800};
inline constexpr std::chrono::milliseconds sync_interval_max{10'000};

class FlashBudget {
 public:
  explicit FlashBudget(std::uint64_t bytes_per_day) : bytes_per_day_(bytes_per_day) {}

  /// `written` bytes since the start; looked at once a minute.
  void look(std::uint64_t written, Monotonic at);

  std::chrono::milliseconds interval() const { return interval_; }
  std::uint64_t bytes_per_day() const { return projected_; }  // at the rate of the last hour
  bool over_budget() const { return bytes_per_day_ > 0 && interval_ == sync_interval_max && projected_ > bytes_per_day_; }

 private:
  struct Sample {
    Monotonic at;
    std::uint64_t written;
  };
  const std::uint64_t bytes_per_day_;
  std::deque<Sample> samples_;  // one a minute, of the last hour
  std::uint64_t projected_ = 0;
  std::chrono::milliseconds interval_ = sync_interval_min;
};

}  // namespace weir::gateway
