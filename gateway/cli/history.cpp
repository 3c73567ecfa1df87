#include <functional>
#include <iomanip>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/api_client.h"
#include "cli/record_text.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t line_bytes_max = std::size_t{1} << 20U;

Parameters history_parameters(const Arguments& arguments) {
  Parameters parameters = {{"device", arguments.operands[0]}, {"metric", arguments.operands[1]}};
  for (const char* name : {"from", "to", "points"}) {
    if (arguments.has(name)) parameters.emplace_back(name, arguments.get(name));
  }
  return parameters;
}

void print_row(const ordered_json& bucket, std::ostream& out) {
  out << std::left << std::setw(21) << member_text(bucket, "time") << std::right << std::setw(9) << member_text(bucket, "count");
  for (const char* name : {"min", "mean", "max", "last"}) out << " " << std::setw(12) << member_text(bucket, name);
  out << "\n";
}

void print_gap(const ordered_json& gap, std::ostream& out) {
  out << std::left << std::setw(21) << member_text(gap, "from") << " gap to " << member_text(gap, "to") << ": "
      << member_text(gap, "reason");
  if (gap.contains("lost")) out << ", " << member_text(gap, "lost") << " lost";
  out << "\n";
}

/// Buckets and gaps in the order of time.
void print_table(const ordered_json& history, std::ostream& out) {
  print_row({{"time", "time"}, {"count", "count"}, {"min", "min"}, {"mean", "mean"}, {"max", "max"}, {"last", "last"}}, out);
  const ordered_json gaps = history.value("gaps", ordered_json::array());
  auto gap = gaps.begin();
  for (const ordered_json& bucket : history["buckets"]) {
    for (; gap != gaps.end() && member_text(*gap, "from") <= member_text(bucket, "time"); ++gap) print_gap(*gap, out);
    print_row(bucket, out);
  }
  for (; gap != gaps.end(); ++gap) print_gap(*gap, out);
}

/// What comes in pieces, line by line.
class Lines {
 public:
  bool feed(std::string_view bytes, const std::function<void(const std::string&)>& take) {
    for (const char c : bytes) {
      if (c != '\n') {
        line_ += c;
      } else {
        take(line_);
        line_.clear();
      }
    }
    return line_.size() <= line_bytes_max;
  }

 private:
  std::string line_;
};

int print_buckets(ApiClient& client, const Arguments& arguments, Environment& environment) {
  const auto answer = client.get(target("/v1/history", history_parameters(arguments)));
  const auto history = json_of(answer, "buckets", "history");
  if (!history) return complain(environment, history.error());
  if (arguments.has("json")) {
    environment.out << answer->body << "\n";
  } else {
    print_table(*history, environment.out);
  }
  return done;
}

int print_file(ApiClient& client, const Arguments& arguments, Environment& environment) {
  const auto take = [&](std::string_view bytes) {
    environment.out << bytes;
    return bool(environment.out);
  };
  const auto answer = client.download(target("/v1/history", history_parameters(arguments)), "text/csv", take);
  environment.out.flush();
  if (!answer) return complain(environment, answer.error());
  return environment.out ? done : failed;
}

int print_readings(ApiClient& client, const Arguments& arguments, Environment& environment) {
  Lines lines;
  const bool json = arguments.has("json");
  const auto print = [&](const std::string& line) {
    const auto record = ordered_json::parse(line, nullptr, false);
    environment.out << (json || record.is_discarded() ? line : record_text(record)) << "\n";
  };
  const auto take = [&](std::string_view bytes) { return lines.feed(bytes, print) && environment.out; };
  const auto answer = client.download(target("/v1/history", history_parameters(arguments)), "application/x-ndjson", take);
  environment.out.flush();
  if (!answer) return complain(environment, answer.error());
  return environment.out ? done : failed;
}

}  // namespace

int run_history(const Arguments& arguments, Environment& environment) {
  if (arguments.has("csv") && arguments.has("json")) {
    return complain(environment, Error{ErrorCode::invalid, "--csv and --json: choose one"}), misused;
  }
  auto client = ApiClient::open(arguments, environment);
  if (!client) return complain(environment, client.error()), misused;
  if (arguments.has("csv")) return print_file(**client, arguments, environment);
  if (arguments.get("points") == "0") return print_readings(**client, arguments, environment);
  return print_buckets(**client, arguments, environment);
}

}  // namespace weir::gateway::cli
