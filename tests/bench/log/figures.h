// What the parts of bench-log share: figures as lines of JSON, time, and the readings of a hundred sensors.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <time.h>

#include "log/record.h"

namespace weir::gateway::bench {

/// `goal` as in "≤ 2": beside the figure in the table; empty: none.
inline void figure(const std::string& name, double value, const std::string& unit, const std::string& goal = {}) {
  std::printf("{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"", name.c_str(), value, unit.c_str());
  if (!goal.empty()) std::printf(",\"goal\":\"%s\"", goal.c_str());
  std::printf("}\n");
  std::fflush(stdout);
}

inline double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Of this thread alone, whatever else the machine does.
inline double cpu_seconds_of(const std::function<void()>& work) {
  const auto now = [] {
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  };
  const auto begin = now();
  work();
  return now() - begin;
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

constexpr Timestamp start_time = from_nanoseconds(1'790'000'000'000'000'000);

/// Sensors with two decimals that wander by a few hundredths, each read once a second by a clock of its own that is up to
/// 15 ms late; what they measure arrives in the order of its time.
class Sensors {
 public:
  explicit Sensors(std::uint32_t count, std::chrono::nanoseconds period = std::chrono::seconds(1), Timestamp begin = start_time)
      : period_(period), begin_(begin), hundredths_(count) {
    for (std::uint32_t id = 0; id < count; ++id) {
      series_.push_back({id, "boiler-" + std::to_string(id), "temperature"});
      hundredths_[id] = 1500 + static_cast<std::int64_t>(random_() % 2000);
    }
    gather();
  }

  /// series, unit, time and value of the next reading.
  Record next() {
    if (next_ == round_.size()) gather();
    const auto [time, id] = round_[next_++];
    auto& now = hundredths_[id];
    now += static_cast<std::int64_t>(random_() % 7) - 3;
    Record out{.time = time, .series = &series_[id], .unit = &unit_};
    out.value = static_cast<double>(now) / 100;
    return out;
  }

  const std::deque<Series>& series() const { return series_; }
  const std::string& unit() const { return unit_; }

 private:
  void gather() {
    round_.clear(), next_ = 0;
    const auto count = static_cast<std::int64_t>(series_.size());
    for (std::int64_t id = 0; id < count; ++id) {
      const auto late = std::chrono::milliseconds(random_() % 16);
      const auto due = begin_ + rounds_ * period_ + id * period_ / count;
      round_.emplace_back(std::chrono::floor<std::chrono::milliseconds>(due) + late, static_cast<std::uint32_t>(id));
    }
    ++rounds_;
    std::sort(round_.begin(), round_.end());
  }

  std::chrono::nanoseconds period_;
  Timestamp begin_;
  std::mt19937_64 random_{1};
  std::vector<std::int64_t> hundredths_;
  std::deque<Series> series_;
  const std::string unit_ = "Cel";
  std::vector<std::pair<Timestamp, std::uint32_t>> round_;
  std::size_t next_ = 0;
  std::int64_t rounds_ = 0;
};

}  // namespace weir::gateway::bench
