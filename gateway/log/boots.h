// Boots: when the boots of the board began, for times that were taken before the clock was set.
//
// Purpose    a commit that was made before the clock was set carries its boot and the time since then. Once the clock is set
//            the boot's beginning is known, and with it when that commit was.
// Thread     any.
// Ownership  owns its list.
// Limits     as many as the log has seen boots: 16 bytes each.
// Errors     none.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "base/time.h"
#include "log/segment.h"

namespace weir::gateway {

class Boots {
 public:
  Boots(std::vector<std::optional<Timestamp>> zeros, std::uint32_t current) : current_(current), zeros_(std::move(zeros)) {
    if (zeros_.size() <= current) zeros_.resize(current + 1);
  }

  std::uint32_t current() const { return current_; }
  std::optional<Timestamp> zero(std::uint32_t boot) const {
    std::lock_guard lock(mutex_);
    return boot < zeros_.size() ? zeros_[boot] : std::nullopt;
  }
  void set_zero(Timestamp zero) {
    std::lock_guard lock(mutex_);
    zeros_[current_] = zero;
  }
  /// The dictionary's names, and corrections.
  Names complete(Names names) const {
    names.boot_time = [this](std::uint32_t boot) { return zero(boot); };
    return names;
  }

 private:
  const std::uint32_t current_;
  mutable std::mutex mutex_;  // protects the list
  std::vector<std::optional<Timestamp>> zeros_;
};

inline std::chrono::milliseconds since_boot(Monotonic at) {
  return std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch());
}

}  // namespace weir::gateway
