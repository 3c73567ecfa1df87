#include "log/flash_budget.h"

#include <algorithm>

namespace weir::gateway {

namespace {

constexpr auto sample_interval = std::chrono::minutes(1);
constexpr std::size_t samples_max = 61;
constexpr double day_s = 24 * 60 * 60;

double seconds_between(Monotonic from, Monotonic to) { return std::chrono::duration<double>(to - from).count(); }

}  // namespace

void FlashBudget::look(std::uint64_t written, Monotonic at) {
  if (!samples_.empty() && at - samples_.back().at < sample_interval) return;
  samples_.push_back({at, written});
  if (samples_.size() > samples_max) samples_.pop_front();
  if (samples_.size() < 2) return;
  const auto per_day = [&](const Sample& since) {
    return static_cast<double>(written - since.written) / seconds_between(since.at, at) * day_s;
  };
  projected_ = static_cast<std::uint64_t>(per_day(samples_.front()));
  if (bytes_per_day_ == 0) return;
  // The last minute tells what the present interval costs: a byte a day is in proportion to the number of syncs.
  const auto ratio = per_day(samples_[samples_.size() - 2]) / static_cast<double>(bytes_per_day_);
  const auto wanted = std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(interval_.count()) * ratio));
  interval_ = std::clamp((interval_ + wanted) / 2, sync_interval_min, sync_interval_max);
}

}  // namespace weir::gateway
