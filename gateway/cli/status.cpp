#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/api_client.h"
#include "cli/status_text.h"
#include "cli/subcommands.h"
#include "config/text_checks.h"

namespace weir::gateway::cli {

int run_status(const Arguments& arguments, Environment& environment) {
  const auto endurance = parse_size(arguments.get("endurance", "0"));
  if (!endurance) return complain(environment, {ErrorCode::invalid, "--endurance: " + endurance.error().message}), misused;
  auto client = ApiClient::open(arguments, environment);
  if (!client) return complain(environment, client.error()), misused;
  const auto answer = (*client)->get("/v1/status");
  const auto status = json_of(answer, "log", "status");
  if (!status) return complain(environment, status.error());
  environment.out << (arguments.has("json") ? answer->body + "\n" : status_text(*status, *endurance));
  return done;
}

}  // namespace weir::gateway::cli
