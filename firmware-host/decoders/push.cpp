#include "decoders/push.h"

#include <array>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "decoders/scalar.h"

namespace weir::firmware {
namespace {

using nlohmann::json;

Error wrong(std::string what) { return Error{ErrorCode::invalid, std::move(what)}; }

Result<void> set_text(const char* member, const json& value, std::string& out) {
  if (!value.is_string()) return wrong(std::string(member) + ": " + value.type_name() + " is not a string");
  out = value.get<std::string>();
  return {};
}

Result<void> set_device(Reading& out, const json& value) { return set_text("device", value, out.device); }
Result<void> set_metric(Reading& out, const json& value) { return set_text("metric", value, out.metric); }
Result<void> set_unit(Reading& out, const json& value) { return set_text("unit", value, out.unit); }

Result<void> set_value(Reading& out, const json& value) {
  auto scalar = scalar_from_json(value);
  if (!scalar) return scalar.error();
  out.value = std::move(scalar).value();
  return {};
}

Result<void> set_time(Reading& out, const json& value) {
  if (!value.is_string()) return wrong(std::string("time: ") + value.type_name() + " is not RFC 3339 text");
  auto time = time_from_json(value);
  if (!time) return time.error();
  out.time = *time;
  return {};
}

Result<void> set_quality(Reading& out, const json& value) {
  const auto known = value.is_string() ? quality_from(value.get_ref<const std::string&>()) : std::nullopt;
  if (!known) return wrong("quality: is not good, stale, uncertain or bad");
  out.quality = *known;
  return {};
}

struct Member {
  std::string_view name;
  Result<void> (*set)(Reading& out, const json& value);
};

constexpr std::array<Member, 6> members = {{{"device", set_device},
                                            {"metric", set_metric},
                                            {"value", set_value},
                                            {"time", set_time},
                                            {"unit", set_unit},
                                            {"quality", set_quality}}};

Result<void> set_member(Reading& out, const std::string& name, const json& value) {
  for (const auto& member : members) {
    if (member.name == name) return member.set(out, value);
  }
  return wrong("\"" + name.substr(0, utf8_prefix(std::string_view(name).substr(0, 64))) +
               "\" is not a member of a reading; there are device, metric, value, time, unit and quality");
}

Result<Reading> reading_from(const json& object) {
  if (!object.is_object()) return wrong(std::string(object.type_name()) + " is not an object");
  Reading reading;
  for (const auto& [name, value] : object.items()) {
    if (auto set = set_member(reading, name, value); !set) return set.error();
  }
  if (!object.contains("value")) return wrong("value: is missing");
  if (auto checked = check_reading(reading); !checked) return checked.error();
  return reading;
}

Result<void> append(const json& object, std::vector<Reading>& out) {
  if (out.size() >= limits::readings_per_message_max) {
    return wrong("more than " + std::to_string(limits::readings_per_message_max) + " readings; send them in parts");
  }
  auto reading = reading_from(object);
  if (!reading) return wrong("reading " + std::to_string(out.size() + 1) + ": " + reading.error().message);
  out.push_back(std::move(reading).value());
  return {};
}

Result<void> append_line(std::string_view line, std::vector<Reading>& out) {
  const auto object = parse_json(line);
  if (!object) return wrong("reading " + std::to_string(out.size() + 1) + ": " + object.error().message);
  return append(*object, out);
}

}  // namespace

Result<std::vector<Reading>> parse_push_json(std::string_view body) {
  const auto document = parse_json(body);
  if (!document) return document.error();
  std::vector<Reading> readings;
  if (!document->is_array()) {
    const auto appended = append(*document, readings);
    return appended ? Result<std::vector<Reading>>(std::move(readings)) : appended.error();
  }
  for (const auto& object : *document) {
    if (auto appended = append(object, readings); !appended) return appended.error();
  }
  return readings;
}

Result<std::vector<Reading>> parse_push_ndjson(std::string_view body) {
  std::vector<Reading> readings;
  while (!body.empty()) {
    const auto end = body.find('\n');
    const auto line = trim(body.substr(0, end));
    body.remove_prefix(end == body.npos ? body.size() : end + 1);
    if (line.empty()) continue;
    if (auto appended = append_line(line, readings); !appended) return appended.error();
  }
  if (readings.empty()) return wrong("an empty body; a line each of {\"device\":…,\"metric\":…,\"value\":…}");
  return readings;
}

}  // namespace weir::firmware
