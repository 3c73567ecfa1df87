// Log lines for people and journald: `<6>mqtt field: connected to mqtt://127.0.0.1:1883`.
//
// Purpose    one line on stderr with a syslog priority prefix when journald reads it (sd-daemon(3)), else with a time.
// Thread     any; a line is written by one write(2).
// Limits     a line is cut at 1,024 bytes; control characters and invalid UTF-8 are escaped, so no input forges a line.
// Errors     none: what can't be written is dropped.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/limits.h"
#include "base/time.h"

namespace weir {

enum class Severity { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

void log_line(Severity severity, std::string_view where, std::string_view what);

/// Lets one line through per interval and says how many were held back. Belongs to one thread.
class LineLimiter {
 public:
  explicit LineLimiter(std::chrono::nanoseconds interval = limits::log_line_interval) : interval_(interval) {}

  /// Writes the line, or counts it. A line that comes through ends with "(N more like it)" where some were held back.
  void log(Monotonic now, Severity severity, std::string_view where, std::string_view what);

 private:
  std::chrono::nanoseconds interval_;
  Monotonic next_{};
  std::uint64_t held_back_ = 0;
};

}  // namespace weir
