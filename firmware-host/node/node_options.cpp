#include "node/node_options.h"

#include <charconv>
#include <functional>
#include <map>

#include "base/text.h"

namespace weir::firmware {
namespace {

Error wrong(std::string_view option, std::string_view takes) {
  return {ErrorCode::invalid, std::string(option) + ": takes " + std::string(takes)};
}

template <class T>
bool parse_number(std::string_view text, T min, T max, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= min && out <= max;
}

struct Option {
  std::string_view takes;
  std::function<bool(NodeOptions&, std::string_view)> set;
};

template <class T>
auto number(T NodeOptions::*member, T min, T max) {
  return [=](NodeOptions& options, std::string_view text) { return parse_number(text, min, max, options.*member); };
}

auto text(std::string NodeOptions::*member) {
  return [=](NodeOptions& options, std::string_view value) {
    options.*member = value;
    return !value.empty();
  };
}

bool set_id(NodeOptions& options, std::string_view value) {
  options.id = value;
  return is_name(value) && value.find_first_of("/+#") == value.npos;
}

bool set_faults(NodeOptions& options, std::string_view value) {
  return parse_number<std::uint64_t>(value, 0, UINT64_MAX, options.faults.emplace());
}

bool set_payload(NodeOptions& options, std::string_view value) {
  options.json = value == "json";
  return options.json || value == "value";
}

const std::map<std::string_view, Option>& table() {
  static const std::map<std::string_view, Option> options = {
      {"--serial", {"a path or 'pty'", text(&NodeOptions::serial)}},
      {"--mqtt", {"a URL as mqtt://127.0.0.1:1883", text(&NodeOptions::mqtt)}},
      {"--id", {"a device name without / + #", set_id}},
      {"--rate", {"samples a second, 0 to 1000000", number(&NodeOptions::rate, 0.0, 1e6)}},
      {"--channels", {"a number from 1 to 64", number(&NodeOptions::channels, std::size_t{1}, std::size_t{64})}},
      {"--baud", {"a standard rate as 115200", number(&NodeOptions::baud, 50U, 4'000'000U)}},
      {"--count", {"a number of readings", number(&NodeOptions::count, std::uint64_t{1}, UINT64_MAX)}},
      {"--faults", {"a seed, a whole number", set_faults}},
      {"--link", {"a path", text(&NodeOptions::link)}},
      {"--replay", {"a CSV file of time,value rows", text(&NodeOptions::replay)}},
      {"--metric", {"a metric name", text(&NodeOptions::metric)}},
      {"--payload", {"value or json", set_payload}},
  };
  return options;
}

Result<NodeOptions> checked(NodeOptions options) {
  if (options.serial.empty() == options.mqtt.empty())
    return Error{ErrorCode::invalid, "give either --serial or --mqtt; --help says more"};
  if (!options.link.empty() && options.serial != "pty") return Error{ErrorCode::invalid, "--link: only with --serial pty"};
  return options;
}

}  // namespace

Result<NodeOptions> parse_node_options(const std::vector<std::string_view>& arguments) {
  NodeOptions options;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const auto found = table().find(arguments[i]);
    if (found == table().end())
      return Error{ErrorCode::invalid, std::string(arguments[i]) + ": no such option; --help lists them"};
    if (i + 1 == arguments.size() || !found->second.set(options, arguments[i + 1]))
      return wrong(arguments[i], found->second.takes);
  }
  return checked(std::move(options));
}

std::string_view node_help() {
  return R"(weir-node: the reference node. It simulates a device, or replays a capture, over a serial line or MQTT.

  weir-node --serial PATH|pty [--baud 115200] [--link PATH]    speaks the wire protocol (gateway/docs/wire.md)
  weir-node --mqtt mqtt://HOST:PORT [--payload value|json]     publishes sensors/ID/METRIC, QoS 1

  --serial pty     makes a pseudo-terminal and prints its path as the first line
  --link PATH      keeps a symbolic link to that pseudo-terminal
  --payload json   {"value":21.5,"time":"2026-11-21T10:00:00Z"} instead of 21.5
  --id ID          the device's name (node-1)
  --rate HZ        samples a second of each channel (1); 0: as fast as they are taken
  --channels N     sensors: temperature, humidity, pressure, ... (3)
  --count N        stop when N readings are acknowledged
  --replay FILE    readings from the CSV rows time,value of FILE instead of sensors; stops when all are acknowledged
  --metric NAME    what a replay's values are called (value)
  --faults SEED    misbehave: noise, cut frames, flipped bits, pauses, resets with loss of memory

It understands the commands set (target 0 to 90 Cel), relay (on true or false), identify and reboot; over MQTT as
{"id","name","args"} on sensors/ID/commands, answered on sensors/ID/replies. What is not acknowledged is kept (65,536
readings; then the oldest go) and sent again.
)";
}

}  // namespace weir::firmware
