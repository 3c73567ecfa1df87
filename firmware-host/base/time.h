// Time: the clock as an argument, and RFC 3339 text.
//
// Purpose    one type for wall time (int64 nanoseconds since 1970, never time_t: 32-bit boards), one for intervals.
// Thread     SystemClock may be used from any thread; ManualClock (tests) as well.
// Ownership  a Clock outlives everything it is passed to.
// Limits     wall time from 1677 to 2262; readings are accepted from 2000 to 2099 (limits.h).
// Errors     parse_time says which part of the text is wrong. Source: RFC 3339 section 5.6.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;
using Monotonic = std::chrono::steady_clock::time_point;

/// Who set the wall clock: nobody that we know of (a board without a battery), a clock that went on while this machine was
/// off (its RTC, or the host's), or NTP.
enum class ClockSource : std::uint8_t { none, kept, ntp };

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp wall() const = 0;
  virtual Monotonic monotonic() const = 0;
  virtual ClockSource source() const { return ClockSource::ntp; }

  /// Whether the wall clock is set. `passed` is a time that has surely passed, as the newest in a log: a clock that was kept
  /// and says less is wrong. NTP is right even then, or a log that was once written in the future would doubt it for years.
  bool synchronised(Timestamp passed = Timestamp::min()) const {
    const auto by = source();
    return by == ClockSource::ntp || (by == ClockSource::kept && wall() >= passed);
  }
};

class SystemClock final : public Clock {
 public:
  Timestamp wall() const override;
  Monotonic monotonic() const override;
  ClockSource source() const override;  // clock_sync.h; asks the kernel at most once a second
};

/// "2026-11-21T10:11:12.5Z": UTC, as many fractional digits as are not zero (up to 9).
std::string format_time(Timestamp time);
void append_time(std::string& out, Timestamp time);

/// Any RFC 3339 date-time, offsets included; a leap second (:60) becomes the second after it.
Result<Timestamp> parse_time(std::string_view text);

/// "250ms", "1s", "5m", "12h", "30d": a whole number and its unit.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::nanoseconds duration);

constexpr std::int64_t to_nanoseconds(Timestamp time) { return time.time_since_epoch().count(); }
constexpr Timestamp from_nanoseconds(std::int64_t ns) { return Timestamp(std::chrono::nanoseconds(ns)); }

}  // namespace weir
