#include "commands/states.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/limits.h"

namespace weir::gateway {
namespace {

using nlohmann::json;

constexpr std::size_t records_at_once = 1000;
constexpr double relative_tolerance = 1e-6;  // what a single-precision float loses

json json_of(const Value& value) {
  return std::visit([](const auto& v) { return json(v); }, value);
}

std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return json_of(value).dump();
  std::string text;
  append_json_number(text, *number);
  return text;
}

/// 0 and 1 are what many devices report of a switch.
std::optional<double> number_of(const json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_boolean()) return value.get<bool>() ? 1.0 : 0.0;
  return std::nullopt;
}

bool near(double a, double b) { return std::abs(a - b) <= relative_tolerance * std::max(1.0, std::abs(b)); }

}  // namespace

void States::begin() {
  if (!watching_.exchange(true)) after_ = log_.head();
}

void States::follow_interlocks(const std::vector<DeclaredCommand>& declared) {
  for (const auto& command : declared) {
    if (command.interlock.metric.empty()) continue;
    interlock_metrics_.insert(command.interlock.metric);
    begin();
  }
}

void States::watch(const Key& key) {
  begin();
  ++watched_[key];
}

void States::unwatch(const Key& key) {
  const auto found = watched_.find(key);
  if (found != watched_.end() && --found->second == 0) watched_.erase(found);
  watching_ = !watched_.empty() || !interlock_metrics_.empty();
}

void States::follow(const OnReading& on_reading) {
  while (watching_ && after_ < log_.head()) {
    if (log_.read_tail(after_, records_at_once, blocks_) == Log::TailRead::cold) after_ = log_.head();
    if (blocks_.empty()) return;
    for (const auto& block : std::exchange(blocks_, {})) {
      const auto after = std::exchange(after_, block->last());
      for (const auto& record : block->records) {
        if (record.seq > after && record.kind == Kind::reading) take(record, on_reading);
      }
    }
  }
}

void States::take(const Record& record, const OnReading& on_reading) {
  const bool interlock = interlock_metrics_.contains(record.series->metric);
  if (!interlock && watched_.empty()) return;
  const Key key{record.series->device, record.series->metric};
  const bool watched = watched_.contains(key);
  if (!interlock && !watched) return;
  const SeenState seen{record.value, record.time, clock_.monotonic()};
  if (interlock && (newest_.size() < limits::devices_max || newest_.contains(key))) newest_[key] = seen;
  if (watched) on_reading(key, record.seq, seen);
}

Result<void> States::holds(const Interlock& interlock, const std::string& device) const {
  if (interlock.metric.empty()) return {};
  const auto refuse = [&](const std::string& what) {
    return Error{ErrorCode::conflict, "interlock: " + interlock.metric + " of " + device + " " + what};
  };
  const auto found = newest_.find({device, interlock.metric});
  if (found == newest_.end() || clock_.monotonic() - found->second.received > interlock.age_max)
    return refuse("was not reported within " + format_duration(interlock.age_max) + ", so it is not known to be safe");
  const auto& value = found->second.value;
  const auto number = number_of(json_of(value));
  const bool fits = (interlock.equals.empty() || text_of(value) == interlock.equals) &&
                    (!interlock.min || (number && *number >= *interlock.min)) &&
                    (!interlock.max || (number && *number <= *interlock.max));
  return fits ? Result<void>() : refuse("is " + text_of(value));
}

std::string wanted_state(const DeclaredCommand& declared, const std::string& args_json) {
  if (declared.state_metric.empty()) return {};
  const auto args = parse_json(args_json);
  if (!args || !args->is_object()) return {};
  auto argument = args->find(declared.state_metric);
  if (argument == args->end() && declared.args.size() == 1) argument = args->find(declared.args.front().name);
  return argument == args->end() ? std::string() : argument->dump();
}

bool shows(const Value& value, const std::string& wanted_json) {
  const auto wanted = json::parse(wanted_json, nullptr, false);
  if (const auto* text = std::get_if<std::string>(&value)) return wanted.is_string() && wanted == *text;
  const auto number = number_of(json_of(value)), other = number_of(wanted);
  return number && other && near(*number, *other);
}

std::string with_verdict(const std::string& result_json, const std::string& metric, std::optional<bool> verified,
                         const std::optional<SeenState>& seen) {
  auto result = result_json.empty() ? json::object() : json::parse(result_json, nullptr, false);
  if (!result.is_object()) result = json{{"value", std::move(result)}};
  result["verified"] = verified ? json(*verified) : json(nullptr);
  if (seen) result["reading"] = {{"metric", metric}, {"value", json_of(seen->value)}, {"time", format_time(seen->time)}};
  return result.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace weir::gateway
