// RateLimit: at most N in a second, given out in small even portions.
//
// Purpose    rate=N of a subscription. A portion is at most a twentieth of a second's worth: few wake-ups, no bursts.
// Thread     belongs to one thread.
// Limits     any second holds at most N and, where N is no multiple of the portion, one portion more.
// Errors     none.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

#include "base/time.h"

namespace weir::gateway {

class RateLimit {
 public:
  /// 0: no limit.
  explicit RateLimit(unsigned per_second) : portion_(per_second == 0 ? 0 : std::max(1U, per_second / 20)) {
    if (per_second != 0) period_ = std::chrono::nanoseconds(std::chrono::seconds(1)) * portion_ / per_second;
  }

  bool allows(Monotonic now) {
    if (portion_ == 0) return true;
    if (now >= next()) {
      start_ = now;
      left_ = portion_;
    }
    return left_ > 0;
  }
  void take() {
    if (portion_ != 0) --left_;
  }
  /// What it allows at once.
  std::size_t portion() const { return portion_ == 0 ? std::numeric_limits<std::size_t>::max() : portion_; }
  /// When the next portion is there.
  Monotonic next() const { return start_ + period_; }

 private:
  unsigned portion_;
  unsigned left_ = 0;
  std::chrono::nanoseconds period_{0};
  Monotonic start_{Monotonic::duration::min() / 2};  // long ago: the first portion is there at once
};

}  // namespace weir::gateway
