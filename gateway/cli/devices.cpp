#include <iomanip>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/api_client.h"
#include "cli/record_text.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

void print_device(const ordered_json& device, std::ostream& out) {
  const std::size_t series = device.contains("series") && device["series"].is_array() ? device["series"].size() : 0;
  out << std::left << std::setw(10) << member_text(device, "state") << " " << std::setw(30) << member_text(device, "last_seen")
      << " " << std::setw(4) << series << " " << member_text(device, "device") << "\n";
}

void print_series(const ordered_json& device, std::ostream& out) {
  for (const ordered_json& series : device.value("series", ordered_json::array())) {
    out << std::left << std::setw(30) << member_text(series, "time") << " " << member_text(series, "metric") << " "
        << member_text(series, "value") << " " << member_text(series, "unit") << "\n";
  }
  for (const ordered_json& command : device.value("commands", ordered_json::array())) {
    out << "command " << member_text(command, "name") << " " << member_text(command, "args") << "\n";
  }
}

}  // namespace

int run_devices(const Arguments& arguments, Environment& environment) {
  auto client = ApiClient::open(arguments, environment);
  if (!client) return complain(environment, client.error()), misused;
  const bool one = !arguments.operands.empty();
  const auto answer = (*client)->get(one ? "/v1/devices/" + percent_encoded(arguments.operands[0]) : "/v1/devices");
  const auto body = one ? json_of(answer, "device", "device") : json_of(answer, "devices", "list of devices");
  if (!body) return complain(environment, body.error());
  if (arguments.has("json")) {
    environment.out << answer->body << "\n";
  } else if (one) {
    print_device(*body, environment.out);
    print_series(*body, environment.out);
  } else {
    for (const ordered_json& device : (*body)["devices"]) print_device(device, environment.out);
  }
  return done;
}

}  // namespace weir::gateway::cli
