#include <algorithm>
#include <climits>
#include <set>

#include "config/checks.h"
#include "config/text_checks.h"
#include "readers/mqtt/command_template.h"

namespace weir::gateway {
namespace {

using firmware::Framing;
using firmware::Mapping;

constexpr unsigned any_number_of_wildcards = UINT_MAX;  // the filter itself is at fault: judge the rest without it

constexpr std::string_view formats_without_device[] = {"value", "json", "csv", "key-value"};

bool carries_device(std::string_view decode) {
  return std::find(std::begin(formats_without_device), std::end(formats_without_device), decode) ==
         std::end(formats_without_device);
}

void check_placeholders(const std::string& text, const std::string& key, unsigned known, Faults& faults) {
  for (const unsigned number : placeholders(text)) {
    if (number <= known || faults.has(key)) continue;
    const std::string count = known == 0   ? "there is no wildcard"
                              : known == 1 ? "there is 1 wildcard"
                                           : "there are " + std::to_string(known) + " wildcards";
    faults.add(key, "{" + std::to_string(number) + "} is beyond the filter: " + count, "count its + and # levels from 1");
  }
}

void check_columns(const Mapping& mapping, const std::string& key, Faults& faults) {
  const std::string columns = key_in(key, "columns");
  if (mapping.decode != "csv") {
    if (!mapping.columns.empty())
      faults.add(columns, "means nothing with decode = \"" + mapping.decode + "\"", "remove it, or decode = \"csv\"");
    return;
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < mapping.columns.size(); ++i) {
    const std::string& name = mapping.columns[i];
    if (name != "-" && !seen.insert(name).second)
      faults.add(key_at(columns, i), "\"" + name + "\" is there twice", "give it another name, or skip it with \"-\"");
  }
  seen.erase("time");
  if (seen.empty() && !faults.has(columns))
    faults.add(columns, "names no metric, and csv carries none",
               "name the columns in order, as [\"time\", \"temperature\", \"-\"]");
}

void check_pointers(const Mapping& mapping, const std::string& key, Faults& faults) {
  if (mapping.decode == "json") return;
  const std::pair<const char*, const std::string*> texts[] = {{"device", &mapping.device},
                                                              {"metric", &mapping.metric},
                                                              {"value", &mapping.value},
                                                              {"time", &mapping.time},
                                                              {"unit", &mapping.unit}};
  for (const auto& [name, text] : texts) {
    const std::string at = key_in(key, name);
    if (!text->starts_with('/') || faults.has(at)) continue;
    faults.add(at, "a JSON pointer into decode = \"" + mapping.decode + "\" finds nothing", "write a name, or decode = \"json\"");
  }
}

/// What only the format itself knows. Its errors are "member: what; what to do".
void check_decoder(const Mapping& mapping, const std::string& key, Faults& faults) {
  if (faults.has(key)) return;
  const auto decoder = firmware::make_decoder(mapping);
  if (decoder) return;
  const std::string& message = decoder.error().message;
  const std::size_t name_end = message.find(": "), what_end = message.find("; ", name_end);
  const std::size_t what = name_end == std::string::npos ? 0 : name_end + 2;
  faults.add(key_in(key, what == 0 ? "decode" : message.substr(0, name_end)), message.substr(what, what_end - what),
             what_end == std::string::npos ? "see gateway/docs/configuration.md" : message.substr(what_end + 2));
}

void check_tls_keys(const firmware::MqttOptions& mqtt, const std::string& key, Faults& faults) {
  const bool tls = mqtt.url.starts_with("mqtts://");
  const std::pair<const char*, const std::string*> files[] = {
      {"ca", &mqtt.ca}, {"certificate", &mqtt.certificate}, {"key", &mqtt.key}};
  for (const auto& [name, path] : files) {
    const std::string at = key_in(key, name);
    if (path->empty() || faults.has(key_in(key, "url"))) continue;
    if (!tls) {
      faults.add(at, "means nothing without TLS", "write the url with mqtts://, or remove it");
    } else if (path == &mqtt.key) {
      check_private_file(*path, at, faults);
    } else {
      check_public_file(*path, at, faults);
    }
  }
  if (!mqtt.certificate.empty() && mqtt.key.empty())
    faults.add(key_in(key, "certificate"), "has no key", "set key to its private key's file");
  if (!mqtt.key.empty() && mqtt.certificate.empty())
    faults.add(key_in(key, "key"), "has no certificate", "set certificate to its file");
}

bool whole_or_absent(const std::optional<double>& number) {
  return !number || *number == static_cast<double>(static_cast<std::int64_t>(*number));
}

void check_argument(const DeclaredArgument& argument, const std::string& key, Faults& faults) {
  const bool numeric = argument.type == ArgumentType::number || argument.type == ArgumentType::integer;
  const bool enumeration = argument.type == ArgumentType::enumeration;
  if (faults.has(key_in(key, "type"))) return;
  for (const char* name : {"min", "max", "unit"}) {
    if (!numeric && faults.placed(key_in(key, name)))
      faults.add(key_in(key, name), "is for numbers only", "remove it, or type = \"number\"");
  }
  if (argument.min && argument.max && *argument.min > *argument.max) faults.add(key_in(key, "min"), "is above max", "swap them");
  for (const auto& [name, limit] : {std::pair{"min", argument.min}, {"max", argument.max}}) {
    const bool fits = argument.type != ArgumentType::integer || whole_or_absent(limit);
    if (!fits) faults.add(key_in(key, name), "is not whole, and type is \"integer\"", "round it, or type = \"number\"");
  }
  if (enumeration && argument.values.empty()) faults.add(key, "an enum without values", "add values = [\"…\", \"…\"]");
  if (!enumeration && !argument.values.empty())
    faults.add(key_in(key, "values"), "is for enums only", "remove it, or type = \"enum\"");
}

}  // namespace

void check_mapping(const Mapping& mapping, const std::string& key, unsigned wildcard_levels, Faults& faults) {
  check_placeholders(mapping.device, key_in(key, "device"), wildcard_levels, faults);
  check_placeholders(mapping.metric, key_in(key, "metric"), wildcard_levels, faults);
  if (faults.has(key_in(key, "decode"))) return;
  if (mapping.device.empty() && !carries_device(mapping.decode) && !faults.has(key_in(key, "device"))) {
    faults.add(key_in(key, "device"), "is missing, and \"" + mapping.decode + "\" carries no device",
               wildcard_levels > 0 ? "write a name, or {1} for the filter's first wildcard" : "write the device's name");
  }
  if (mapping.metric.empty() && mapping.decode == "value" && !faults.has(key_in(key, "metric"))) {
    faults.add(key_in(key, "metric"), "is missing, and \"value\" carries no metric",
               "write a name, or {N} for a wildcard of the filter");
  }
  check_columns(mapping, key, faults);
  check_pointers(mapping, key, faults);
  check_decoder(mapping, key, faults);
}

void check_mqtt(const firmware::MqttOptions& mqtt, const std::string& key, Faults& faults) {
  check_tls_keys(mqtt, key, faults);
  if (!mqtt.password.empty() && mqtt.username.empty() && mqtt.version == 3 && !faults.has(key_in(key, "username"))) {
    faults.add(key_in(key, "password"), "has no username, and MQTT 3.1.1 needs one with it", "set username, or version = \"5\"");
  }
  if (!faults.placed(key_in(key, "subscribe")) && !faults.placed(key_in(key, "commands"))) {
    faults.add(key, "reads nothing and sends nothing", "add [[mqtt.subscribe]] with a filter");
  }
  for (std::size_t i = 0; i < mqtt.subscriptions.size(); ++i) {
    const auto& subscription = mqtt.subscriptions[i];
    const std::string at = key_at(key_in(key, "subscribe"), i);
    const bool known = !subscription.filter.empty();
    check_mapping(subscription.mapping, at, known ? wildcards(subscription.filter) : any_number_of_wildcards, faults);
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (subscription.filter.empty() || mqtt.subscriptions[earlier].filter != subscription.filter) continue;
      faults.add(key_in(at, "filter"), "\"" + subscription.filter + "\" is subscribed to above",
                 "remove one: a broker keeps only the newer");
      break;
    }
  }
  if (const auto& text = mqtt.commands.payload; !text.empty()) {
    const auto payload = firmware::CommandTemplate::compile(text);
    if (!payload) faults.add(key_in(key, "commands.payload"), payload.error().message, "write JSON, or text with {args.NAME}");
  }
  check_declared(mqtt.commands.declared, key_in(key, "commands.declare"), faults);
}

void check_serial(firmware::SerialOptions& serial, const std::string& key, Faults& faults) {
  const bool wire = serial.framing == Framing::wire;
  Mapping& mapping = serial.mapping;
  const std::string decode = key_in(key, "decode");
  if (!faults.placed(decode)) mapping.decode = wire ? "wire" : "";
  if (faults.has(key_in(key, "framing")) || faults.has(decode)) return;
  if (mapping.decode.empty()) {
    faults.add(decode, "is missing, and framing = \"lines\" does not say it",
               "write decode = \"json\", \"csv\" or \"key-value\"");
  } else if (wire != (mapping.decode == "wire")) {
    faults.add(decode, "\"" + mapping.decode + "\" can't come in " + (wire ? "wire frames" : "lines"),
               wire ? "set framing = \"lines\", or remove decode" : "set framing = \"wire\", or choose json, csv or key-value");
  } else if (wire) {
    for (const char* name : {"metric", "value", "time", "unit", "columns"}) {
      if (faults.placed(key_in(key, name)))
        faults.add(key_in(key, name), "means nothing with framing = \"wire\"", "remove it: frames carry it");
    }
  } else {
    check_mapping(mapping, key, 0, faults);
  }
  if (wire && !serial.polls.empty())
    faults.add(key_in(key, "poll"), "means nothing with framing = \"wire\"", "remove it: such nodes speak by themselves");
  check_declared(serial.declared, key_in(key, "commands.declare"), faults);
}

void check_declared(const std::vector<DeclaredCommand>& declared, const std::string& key, Faults& faults) {
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const DeclaredCommand& command = declared[i];
    const std::string at = key_at(key, i);
    if (const auto& lock = command.interlock; !lock.metric.empty() && lock.equals.empty() && !lock.min && !lock.max)
      faults.add(key_in(at, "interlock"), "names a metric and no value", "add equals, min or max");
    for (const DeclaredArgument& argument : command.args)
      check_argument(argument, key_in(key_in(at, "args"), argument.name), faults);
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (command.name.empty() || command.name != declared[earlier].name || command.device != declared[earlier].device) continue;
      faults.add(key_in(at, "name"), "\"" + command.name + "\" is declared above for the same devices", "remove one of them");
      break;
    }
  }
}

}  // namespace weir::gateway
