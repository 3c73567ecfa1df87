#include "load/options.h"

#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string_view>

namespace weir::bench {
namespace {

double parse_number(const std::string& name, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= 0)) throw std::runtime_error(name + ": \"" + text + "\" is not a number");
  return value;
}

using Setter = std::function<void(const std::string& value)>;

std::map<std::string, Setter, std::less<>> setters(Options& options, PublishOptions& publish) {
  const auto number = [](const char* name, auto& to) {
    return [name, &to](const std::string& value) {
      to = static_cast<std::remove_reference_t<decltype(to)>>(parse_number(name, value));
    };
  };
  const auto text = [](std::string& to) { return [&to](const std::string& value) { to = value; }; };
  const auto mixture = [](Mixture& to) { return [&to](const std::string& value) { to = parse_mixture(value); }; };
  return {
      {"--host", text(options.host)},
      {"--port", number("--port", options.port)},
      {"--token", text(options.token)},
      {"--target", text(options.target)},
      {"--idle-target", text(options.idle_target)},
      {"--clients", mixture(options.clients)},
      {"--idle", mixture(options.idle)},
      {"--deaf", mixture(options.deaf)},
      {"--warm-up", number("--warm-up", options.warm_up)},
      {"--seconds", number("--seconds", options.seconds)},
      {"--patience", number("--patience", options.patience)},
      {"--ramp", number("--ramp", options.ramp)},
      {"--pid", number("--pid", options.pid)},
      {"--publish",
       [&](const std::string& value) { publish.rate = parse_number("--publish", value), options.publish.emplace(); }},
      {"--in-step",
       [&, count = number("--in-step", publish.in_step)](const std::string& value) { count(value), options.publish.emplace(); }},
      {"--publish-target", text(publish.target)},
      {"--publish-token", text(publish.token)},
      {"--publish-mqtt", number("--publish-mqtt", publish.mqtt_port)},
      {"--publish-gather", number("--publish-gather", publish.gather)},
      {"--batch", number("--batch", publish.batch)},
      {"--window", number("--window", publish.window)},
  };
}

}  // namespace

const char* const usage = R"(bench-load --port PORT --clients MIXTURE [OPTION VALUE]…

  MIXTURE                  sse=500,ndjson=10,websocket=500,long-poll=10; a bare number means SSE; mqtt=10 over WebSocket
  --host, --token          of the server; a token of the role viewer
  --target                 path and query; default /v1/stream
  --idle MIXTURE           clients that wait for what never comes, at --idle-target
  --deaf MIXTURE           clients that never read
  --warm-up, --seconds     not measured, measured
  --patience               seconds without a delivery after which what is missing counts as lost
  --ramp                   connections a second; default as fast as they are answered
  --pid                    of the server: its CPU and its memory are reported
  --publish RATE           readings a second (0: as fast as clients follow) to --publish-target with --publish-token
  --in-step RECORDS        instead of a rate and of times: so many readings, each batch when all clients have the one before
  --publish-mqtt PORT      over MQTT instead, to a broker
  --publish-gather MS      readings of this time go in one request
  --batch, --window        readings in a request; RATE 0: records published and not yet seen, on average
  --generic yes            the server is not Weir: records with a counter and a time stamp

Prints one line of JSON; exits with 1 where a record was lost, repeated or out of order.
)";

Options parse_options(int count, char** arguments) {
  Options options;
  PublishOptions publish;
  auto all = setters(options, publish);
  all["--generic"] = [&](const std::string& value) { options.generic = value == "yes"; };
  for (int i = 1; i < count; i += 2) {
    const auto found = all.find(std::string_view(arguments[i]));
    if (found == all.end()) throw std::runtime_error("no option \"" + std::string(arguments[i]) + "\"");
    if (i + 1 == count) throw std::runtime_error(std::string(arguments[i]) + " lacks its value");
    found->second(arguments[i + 1]);
  }
  if (options.publish) options.publish = publish;
  if (options.port == 0 || total(options.clients) + total(options.idle) == 0)
    throw std::runtime_error("--port and --clients are needed");
  if (options.publish && publish.in_step == 0 && total(options.clients) == 0)
    throw std::runtime_error("--publish needs --clients");
  return options;
}

}  // namespace weir::bench
