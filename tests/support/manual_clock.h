// ManualClock: time stands still until a test moves it.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace weir {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp wall = from_nanoseconds(1'700'000'000'000'000'000)) : wall_(to_nanoseconds(wall)) {}

  Timestamp wall() const override { return from_nanoseconds(wall_.load()); }
  Monotonic monotonic() const override { return Monotonic(std::chrono::nanoseconds(monotonic_.load())); }

  ClockSource source() const override { return source_.load(); }

  void advance(std::chrono::nanoseconds by) {
    wall_ += by.count();
    monotonic_ += by.count();
  }
  /// As NTP or a person does: the wall clock jumps, intervals don't.
  void step_wall(std::chrono::nanoseconds by) { wall_ += by.count(); }
  void set_source(ClockSource source) { source_ = source; }

 private:
  std::atomic<std::int64_t> wall_;
  std::atomic<std::int64_t> monotonic_{1};
  std::atomic<ClockSource> source_{ClockSource::ntp};
};

}  // namespace weir
