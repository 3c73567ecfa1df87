#include "decoders/outcome.h"

#include <string>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace weir::firmware {
namespace {

/// A name as it may be shown: cut, and only where it is text.
std::string_view shown(std::string_view name) {
  name = name.substr(0, limits::name_bytes_max);
  return name.substr(0, utf8_prefix(name));
}

std::string known(std::string_view name) { return is_name(name) ? std::string(name) : std::string(); }

}  // namespace

bool Outcome::count() {
  if (++values_ <= limits::readings_per_message_max) return true;
  if (values_ == limits::readings_per_message_max + 1) {
    out_.rejected.push_back(
        {"more than " + std::to_string(limits::readings_per_message_max) + " values in one message: the rest is dropped",
         known(device_),
         {}});
  }
  return false;
}

bool Outcome::take(Reading&& reading) {
  if (auto checked = check_reading(reading); !checked) return reject(reading.metric, checked.error().message);
  if (!count()) return false;
  out_.readings.push_back(std::move(reading));
  return true;
}

bool Outcome::reject(std::string_view metric, std::string_view reason) {
  if (!count()) return false;
  std::string detail(shown(metric));
  if (!detail.empty()) detail += ": ";
  out_.rejected.push_back({detail.append(reason), known(device_), known(metric)});
  return true;
}

}  // namespace weir::firmware
