#include "base/time.h"

#include <array>
#include <charconv>
#include <limits>

#include "base/clock_sync.h"

namespace weir {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t ns_per_second = 1'000'000'000;

Error wrong(std::string what) { return Error{ErrorCode::invalid, std::move(what)}; }

/// Reads RFC 3339 text from the left; the first thing that does not fit ends it.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  bool digits(int count, int& value) {
    value = 0;
    for (; count > 0; --count) {
      if (rest_.empty() || !is_digit(rest_.front())) return false;
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return true;
  }

  bool one_of(std::string_view choices, char* which = nullptr) {
    if (rest_.empty() || choices.find(rest_.front()) == choices.npos) return false;
    if (which != nullptr) *which = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }

  /// Digits beyond the ninth are dropped: they are finer than a nanosecond.
  bool fraction(std::int64_t& ns) {
    if (!one_of(".")) return true;
    if (rest_.empty() || !is_digit(rest_.front())) return false;
    for (std::int64_t scale = ns_per_second / 10; !rest_.empty() && is_digit(rest_.front()); scale /= 10) {
      ns += scale * (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return true;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  std::string_view rest_;
};

struct Parts {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::int64_t ns = 0;
  int offset_minutes = 0;
};

const char* read_offset(TimeReader& in, Parts& out) {
  char sign = 0;
  int hours = 0, minutes = 0;
  if (in.one_of("Zz")) return nullptr;
  if (!in.one_of("+-", &sign) || !in.digits(2, hours) || !in.one_of(":") || !in.digits(2, minutes)) return "the offset";
  if (hours > 23 || minutes > 59) return "the offset";
  out.offset_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
  return nullptr;
}

/// The name of the part that is wrong, or null.
const char* read_parts(TimeReader& in, Parts& out) {
  if (!in.digits(4, out.year) || !in.one_of("-")) return "the year";
  if (!in.digits(2, out.month) || !in.one_of("-") || out.month < 1 || out.month > 12) return "the month";
  if (!in.digits(2, out.day)) return "the day";
  if (!in.one_of("Tt ")) return "the 'T' between date and time";
  if (!in.digits(2, out.hour) || !in.one_of(":") || out.hour > 23) return "the hour";
  if (!in.digits(2, out.minute) || !in.one_of(":") || out.minute > 59) return "the minute";
  if (!in.digits(2, out.second) || out.second > 60) return "the second";
  if (!in.fraction(out.ns)) return "the fraction of a second";
  if (const auto* part = read_offset(in, out)) return part;
  return in.at_end() ? nullptr : "what follows the time";
}

std::chrono::year_month_day date_of(const Parts& parts) {
  return {std::chrono::year(parts.year), std::chrono::month(static_cast<unsigned>(parts.month)),
          std::chrono::day(static_cast<unsigned>(parts.day))};
}

std::int64_t seconds_of(const Parts& parts) {
  const std::int64_t days = std::chrono::sys_days(date_of(parts)).time_since_epoch().count();
  return ((days * 24 + parts.hour) * 60 + parts.minute - parts.offset_minutes) * 60 + parts.second;
}

/// Section 5.7: a leap second ends a UTC day.
bool is_misplaced_leap_second(const Parts& parts, std::int64_t seconds) { return parts.second == 60 && seconds % 86'400 != 0; }

bool fits(std::int64_t seconds) {
  constexpr auto limit = std::numeric_limits<std::int64_t>::max() / ns_per_second;
  return seconds > -limit && seconds < limit;
}

struct DurationUnit {
  std::string_view name;
  std::int64_t ns;
};

constexpr std::array<DurationUnit, 7> duration_units = {{{"d", 86'400 * ns_per_second},
                                                         {"h", 3'600 * ns_per_second},
                                                         {"m", 60 * ns_per_second},
                                                         {"s", ns_per_second},
                                                         {"ms", 1'000'000},
                                                         {"us", 1'000},
                                                         {"ns", 1}}};

const DurationUnit* find_unit(std::string_view name) {
  for (const auto& unit : duration_units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

char* put_two(char* to, unsigned value) {
  *to++ = static_cast<char>('0' + value / 10);
  *to++ = static_cast<char>('0' + value % 10);
  return to;
}

char* put_fraction(char* to, std::uint32_t ns) {
  if (ns == 0) return to;
  *to++ = '.';
  for (std::uint32_t scale = ns_per_second / 10; ns != 0; scale /= 10) {
    *to++ = static_cast<char>('0' + ns / scale);
    ns %= scale;
  }
  return to;
}

constexpr std::int64_t floor_modulo(std::int64_t a, std::int64_t b) { return (a % b + b) % b; }
constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

Timestamp SystemClock::wall() const { return std::chrono::time_point_cast<nanoseconds>(std::chrono::system_clock::now()); }
Monotonic SystemClock::monotonic() const { return std::chrono::steady_clock::now(); }

ClockSource SystemClock::source() const {
  static ClockSync sync;  // there is one kernel
  return sync.source(wall(), monotonic());
}

// Digit by digit: this is a large part of what encoding a record costs.
void append_time(std::string& out, Timestamp time) {
  // In seconds: the first day of the range begins before the first nanosecond that an int64 counts.
  const auto seconds = std::chrono::sys_seconds(std::chrono::seconds(floor_divide(to_nanoseconds(time), ns_per_second)));
  const auto days = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(days);
  const auto second = static_cast<unsigned>((seconds - days).count());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  char text[32];
  char* to = put_two(put_two(text, year / 100), year % 100);
  *to++ = '-';
  to = put_two(to, static_cast<unsigned>(date.month()));
  *to++ = '-';
  to = put_two(to, static_cast<unsigned>(date.day()));
  *to++ = 'T';
  to = put_two(to, second / 3600);
  *to++ = ':';
  to = put_two(to, second / 60 % 60);
  *to++ = ':';
  to = put_two(to, second % 60);
  to = put_fraction(to, static_cast<std::uint32_t>(floor_modulo(to_nanoseconds(time), ns_per_second)));
  *to++ = 'Z';
  out.append(text, to);
}

std::string format_time(Timestamp time) {
  std::string out;
  append_time(out, time);
  return out;
}

Result<Timestamp> parse_time(std::string_view text) {
  TimeReader in(text);
  Parts parts;
  if (const auto* part = read_parts(in, parts))
    return wrong(std::string(part) + " is wrong; a time looks like 2026-11-21T10:11:12.5Z");
  if (!date_of(parts).ok()) return wrong("the day does not exist in that month");
  const auto seconds = seconds_of(parts);
  if (is_misplaced_leap_second(parts, seconds)) return wrong("the second is 60, but not at the end of a UTC day");
  if (!fits(seconds)) return wrong("the year is outside 1678 to 2261");
  return from_nanoseconds(seconds * ns_per_second + parts.ns);
}

Result<nanoseconds> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto* unit = find_unit(text.substr(static_cast<std::size_t>(end - text.data())));
  if (status == std::errc::invalid_argument || count < 0 || unit == nullptr) {
    return wrong("a duration is a whole number and its unit (ns, us, ms, s, m, h, d), as in \"250ms\"");
  }
  if (status != std::errc() || count > std::numeric_limits<std::int64_t>::max() / unit->ns) return wrong("longer than 292 years");
  return nanoseconds(count * unit->ns);
}

std::string format_duration(nanoseconds duration) {
  if (duration.count() == 0) return "0s";
  for (const auto& unit : duration_units) {
    if (duration.count() % unit.ns == 0) return std::to_string(duration.count() / unit.ns).append(unit.name);
  }
  return {};  // not reached: the last unit is one nanosecond
}

}  // namespace weir
