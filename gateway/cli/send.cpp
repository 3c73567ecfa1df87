#include "cli/send.h"

#include <algorithm>
#include <ostream>

#include <nlohmann/json.hpp>

#include "base/time.h"
#include "cli/api_client.h"
#include "cli/record_text.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

/// Not `failed`, `expired` or `unknown`: what is under way still may succeed.
bool went_wrong(const std::string& state) {
  return state == "failed" || state == "expired" || state == "unknown" || state == "cancelled";
}

int report(const Answer& answer, bool json, Environment& environment) {
  const auto command = ordered_json::parse(answer.body, nullptr, false);
  const std::string state = member_text(command, "state");
  if (json) {
    environment.out << answer.body << "\n";
  } else {
    environment.out << member_text(command, "id") << " " << state;
    for (const char* member : {"result", "error"}) {
      if (const std::string text = member_text(command, member); !text.empty()) environment.out << " " << text;
    }
    environment.out << "\n";
  }
  return went_wrong(state) ? failed : done;
}

}  // namespace

Result<ordered_json> command_arguments(const std::vector<std::string>& words) {
  ordered_json args = ordered_json::object();
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) return Error{ErrorCode::invalid, "\"" + word + "\" is not key=value"};
    const std::string key = word.substr(0, equals), text = word.substr(equals + 1);
    if (args.contains(key)) return Error{ErrorCode::invalid, "\"" + key + "\" is given twice"};
    auto value = ordered_json::parse(text, nullptr, false);
    args[key] = value.is_discarded() ? ordered_json(text) : std::move(value);
  }
  return args;
}

int run_send(const Arguments& arguments, Environment& environment) {
  const std::vector<std::string> words(arguments.operands.begin() + 2, arguments.operands.end());
  const auto args = command_arguments(words);
  if (!args) return complain(environment, args.error()), misused;
  const std::string timeout = arguments.get("timeout", "10s");
  const auto allowed = parse_duration(timeout);
  if (!allowed)
    return complain(environment, Error{ErrorCode::invalid, "--timeout " + timeout + ": write it as 500ms, 10s or 5m"}), misused;
  auto client = ApiClient::open(arguments, environment);
  if (!client) return complain(environment, client.error()), misused;

  const auto wait =
      std::min(std::chrono::ceil<std::chrono::seconds>(*allowed) + std::chrono::seconds(1), std::chrono::seconds(60));
  ordered_json body = {{"name", arguments.operands[1]}, {"args", *args}, {"timeout", timeout}};
  if (arguments.has("confirm")) body["confirm"] = arguments.get("confirm", "");
  const std::string path = "/v1/devices/" + percent_encoded(arguments.operands[0]) + "/commands";
  const auto answer = (*client)->post(target(path, {{"wait", std::to_string(wait.count())}}),
                                      body.dump(-1, ' ', false, ordered_json::error_handler_t::replace), wait);
  if (!answer) return complain(environment, answer.error());
  return report(*answer, arguments.has("json"), environment);
}

}  // namespace weir::gateway::cli
