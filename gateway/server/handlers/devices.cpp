#include "base/json.h"
#include "server/handlers/handlers.h"
#include "stream/format.h"

namespace weir::gateway {
namespace {

std::string_view name_of(ArgumentType type) {
  switch (type) {
    case ArgumentType::number: return "number";
    case ArgumentType::integer: return "integer";
    case ArgumentType::boolean: return "boolean";
    case ArgumentType::string: return "string";
    case ArgumentType::enumeration: return "enum";
  }
  return "";
}

void append_text(std::string& out, std::string_view member, std::string_view value) {
  out.append(",\"").append(member).append("\":");
  append_json_string(out, value);
}

void append_number(std::string& out, std::string_view member, std::optional<double> value) {
  if (!value) return;
  out.append(",\"").append(member).append("\":");
  append_json_number(out, *value);
}

void append_values(std::string& out, const std::vector<std::string>& values) {
  out += ",\"values\":[";
  for (const std::string& value : values) {
    if (out.back() != '[') out += ',';
    append_json_string(out, value);
  }
  out += ']';
}

/// As in the configuration: "target":{"type":"number","min":0,…}
void append_argument(std::string& out, const DeclaredArgument& argument) {
  append_json_string(out, argument.name);
  out.append(":{\"type\":\"").append(name_of(argument.type)).append("\"");
  append_number(out, "min", argument.min);
  append_number(out, "max", argument.max);
  if (!argument.unit.empty()) append_text(out, "unit", argument.unit);
  if (!argument.values.empty()) append_values(out, argument.values);
  if (!argument.required) out += ",\"required\":false";
  out += '}';
}

void append_interlock(std::string& out, const Interlock& interlock) {
  out += ",\"interlock\":{\"metric\":";
  append_json_string(out, interlock.metric);
  if (!interlock.equals.empty()) append_text(out, "equals", interlock.equals);
  append_number(out, "min", interlock.min);
  append_number(out, "max", interlock.max);
  append_text(out, "age_max", format_duration(interlock.age_max));
  out += '}';
}

void append_command(std::string& out, const DeclaredCommand& command) {
  out += "{\"name\":";
  append_json_string(out, command.name);
  out += ",\"args\":{";
  for (const DeclaredArgument& argument : command.args) {
    if (out.back() != '{') out += ',';
    append_argument(out, argument);
  }
  out += '}';
  if (!command.state_metric.empty()) append_text(out, "state_metric", command.state_metric);
  if (command.dangerous) out += ",\"dangerous\":true";
  if (!command.interlock.metric.empty()) append_interlock(out, command.interlock);
  out += '}';
}

/// The newest record of each series: the members of a reading.
void append_series(std::string& out, const DeviceView& device, const Latest& latest) {
  out += ",\"series\":[";
  for (const std::uint32_t id : device.series) {
    const Record* newest = latest.newest(id);
    if (newest == nullptr) continue;
    if (out.back() != '[') out += ',';
    append_json(out, *newest);
  }
  out += ']';
}

void append_commands(std::string& out, const DeviceView& device, const Declarations& declarations) {
  out += ",\"commands\":[";
  for (const DeclaredCommand& command : declarations.of(device.device)) {
    if (out.back() != '[') out += ',';
    append_command(out, command);
  }
  out += ']';
}

void append_device(std::string& out, const DeviceView& device, const Latest& latest, const Declarations& declarations,
                   const Scope& scope) {
  out += "{\"device\":";
  append_json_string(out, device.device);
  append_text(out, "state", device.state);
  append_text(out, "reader", device.reader);
  append_text(out, "last_seen", format_time(device.last_seen));
  if (scope.has_kind("reading")) append_series(out, device, latest);
  if (scope.has_kind("command")) append_commands(out, device, declarations);
  out += '}';
}

}  // namespace

Outcome list_devices(Call& call) {
  const auto declarations = call.host.commands().declarations();
  std::string body = "{\"devices\":[";
  for (const auto& [name, device] : call.host.latest().devices()) {
    if (!call.principal.scope.has_device(name)) continue;
    if (body.back() != '[') body += ',';
    append_device(body, device, call.host.latest(), *declarations, call.principal.scope);
  }
  return json_response(200, body += "]}");
}

Outcome show_device(Call& call) {
  const auto& devices = call.host.latest().devices();
  const auto found = devices.find(call.request.subject);
  if (found == devices.end() || !call.principal.scope.has_device(call.request.subject))
    return problem(404, "no device has this name");
  std::string body;
  append_device(body, found->second, call.host.latest(), *call.host.commands().declarations(), call.principal.scope);
  return json_response(200, std::move(body));
}

}  // namespace weir::gateway
