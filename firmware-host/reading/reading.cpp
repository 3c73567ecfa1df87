#include "reading/reading.h"

#include <array>
#include <cmath>

#include "base/limits.h"
#include "base/text.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 4> quality_names = {"good", "stale", "uncertain", "bad"};

Error wrong(std::string what) { return Error{ErrorCode::invalid, std::move(what)}; }

Result<void> check_name(std::string_view member, std::string_view name) {
  if (is_name(name)) return {};
  auto where = std::string(member) + ": ";
  if (name.empty()) return wrong(where + "is missing");
  if (name.size() > limits::name_bytes_max)
    return wrong(where + "longer than " + std::to_string(limits::name_bytes_max) + " bytes");
  return wrong(where + (is_utf8(name) ? "holds a control character" : "is not UTF-8"));
}

Result<void> check_unit(std::string_view unit) {
  if (unit.empty() || (unit.size() <= limits::unit_bytes_max && is_name(unit))) return {};
  if (unit.size() > limits::unit_bytes_max)
    return wrong("unit: longer than " + std::to_string(limits::unit_bytes_max) + " bytes");
  return wrong("unit: is not UTF-8 without control characters");
}

Result<void> check_value(const Value& value) {
  if (const auto* number = std::get_if<double>(&value); number != nullptr && !std::isfinite(*number)) {
    return wrong("value: NaN and infinities are not readings");
  }
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return {};
  if (text->size() > limits::string_value_bytes_max) {
    return wrong("value: text longer than " + std::to_string(limits::string_value_bytes_max) + " bytes");
  }
  return is_utf8(*text) ? Result<void>() : wrong("value: text that is not UTF-8");
}

Result<void> check_time(const std::optional<Timestamp>& time) {
  using std::chrono::seconds;
  constexpr auto first = seconds(limits::reading_time_min_s), end = seconds(limits::reading_time_end_s);
  if (!time || (time->time_since_epoch() >= first && time->time_since_epoch() < end)) return {};
  return wrong("time: " + format_time(*time) + " is not between 2000 and 2100: is the clock of the device set?");
}

}  // namespace

Result<void> check_reading(const Reading& reading) {
  if (auto device = check_name("device", reading.device); !device) return device;
  if (auto metric = check_name("metric", reading.metric); !metric) return metric;
  if (auto value = check_value(reading.value); !value) return value;
  if (auto unit = check_unit(reading.unit); !unit) return unit;
  return check_time(reading.time);
}

std::string_view to_string(Quality quality) { return quality_names[static_cast<std::size_t>(quality)]; }

std::optional<Quality> quality_from(std::string_view text) {
  for (std::size_t i = 0; i < quality_names.size(); ++i) {
    if (quality_names[i] == text) return static_cast<Quality>(i);
  }
  return std::nullopt;
}

}  // namespace weir
