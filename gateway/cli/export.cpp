#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/api_client.h"
#include "cli/record_text.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

constexpr const char* page_records = "5000";

/// Goes on after `cursor`: the place that was asked for first no longer counts.
void continue_after(Parameters& parameters, const std::string& cursor) {
  std::erase_if(parameters, [](const auto& parameter) { return parameter.first == "after" || parameter.first == "since"; });
  parameters.emplace_back("after", cursor);
}

}  // namespace

int run_export(const Arguments& arguments, Environment& environment) {
  auto client = ApiClient::open(arguments, environment);
  if (!client) return complain(environment, client.error()), misused;
  Parameters parameters = record_parameters(arguments);
  parameters.emplace_back("limit", page_records);
  for (std::string cursor;;) {
    const auto answer = (*client)->get(target("/v1/stream", parameters));
    const auto page = json_of(answer, "records", "page of records");
    if (!page) {
      if (!cursor.empty()) environment.err << "weir: go on with --after " << cursor << "\n";
      return complain(environment, page.error());
    }
    for (const ordered_json& record : (*page)["records"]) environment.out << record.dump() << "\n";
    if (!environment.out) return failed;
    const std::string next = member_text(*page, "cursor");
    if (!page->value("more", false) || next.empty() || next == cursor) break;
    continue_after(parameters, cursor = next);
  }
  environment.out.flush();
  return done;
}

}  // namespace weir::gateway::cli
