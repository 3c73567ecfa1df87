#include <iomanip>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/api_client.h"
#include "cli/record_text.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

void print_loss(const ordered_json& loss, std::ostream& out) {
  out << std::left << std::setw(30) << member_text(loss, "last") << " " << std::right << std::setw(10)
      << member_text(loss, "count") << " " << std::left << std::setw(12) << member_text(loss, "reason") << " "
      << member_text(loss, "where");
  for (const char* name : {"device", "metric", "detail"}) {
    const std::string text = member_text(loss, name);
    if (!text.empty()) out << " " << text;
  }
  out << "\n";
}

}  // namespace

int run_losses(const Arguments& arguments, Environment& environment) {
  auto client = ApiClient::open(arguments, environment);
  if (!client) return complain(environment, client.error()), misused;
  Parameters parameters = {{"limit", "10000"}};
  for (const char* name : {"device", "metric", "reason", "since"}) {
    if (arguments.has(name)) parameters.emplace_back(name, arguments.get(name));
  }
  const auto answer = (*client)->get(target("/v1/losses", parameters));
  const auto body = json_of(answer, "losses", "list of losses");
  if (!body) return complain(environment, body.error());
  if (arguments.has("json")) {
    environment.out << answer->body << "\n";
    return done;
  }
  for (const ordered_json& loss : (*body)["losses"]) print_loss(loss, environment.out);
  environment.err << "weir: " << member_text(*body, "total") << " lost in all\n";
  return done;
}

}  // namespace weir::gateway::cli
