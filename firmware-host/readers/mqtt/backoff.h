// Backoff: how long to wait before the next attempt.
//
// Purpose    doubles from 0.5 s to 30 s, spread by chance so that gateways don't come back to a broker in step.
// Thread     belongs to one thread.
// Limits     never below 0.5 s, never above 30 s.
// Errors     none.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace weir::firmware {

class Backoff {
 public:
  static constexpr std::chrono::milliseconds shortest{500};
  static constexpr std::chrono::milliseconds longest{30'000};

  explicit Backoff(std::uint64_t seed) : random_(static_cast<std::uint_fast32_t>(seed)) {}

  std::chrono::milliseconds next() {
    const auto delay = std::min(longest, base_ + base_ * std::uniform_int_distribution<int>(0, 50)(random_) / 100);
    base_ = std::min(longest, base_ * 2);
    return delay;
  }
  void reset() { base_ = shortest; }

 private:
  std::minstd_rand random_;
  std::chrono::milliseconds base_ = shortest;
};

}  // namespace weir::firmware
