#include <algorithm>
#include <iomanip>
#include <ostream>

#include <nlohmann/json.hpp>

#include "base/clock_sync.h"
#include "cli/doctor_checks.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;
using State = Finding::State;

const char* text_of(State state) { return state == State::ok ? "ok" : state == State::warning ? "warning" : "fault"; }

Findings examine(const Loaded& loaded, const std::string& file, const Environment& environment) {
  Findings findings;
  for (const Fault& fault : loaded.faults) findings.push_back({State::fault, "configuration", to_string(fault, file), ""});
  const SystemClock clock;
  check_clock(clock.source(), findings);
  if (!loaded.faults.empty()) return findings;  // what it says can't be looked at
  const Config& config = loaded.config;
  findings.insert(findings.begin(), {State::ok, "configuration", file + " has no fault", ""});
  check_data_dir(config, findings);
  check_space(config, findings);
  check_log_file(config, findings);
  check_listening(config, findings);
  check_tls(config, clock.wall(), findings);
  if (environment.library_holes) check_library(config, environment.library_holes(), findings);
  check_open_files(config, findings);
  check_serial_ports(config, findings);
  check_brokers(config, findings);
  return findings;
}

std::ptrdiff_t count(const Findings& findings, State state) {
  return std::count_if(findings.begin(), findings.end(), [state](const Finding& finding) { return finding.state == state; });
}

ordered_json to_json(const Findings& findings) {
  ordered_json all = ordered_json::array();
  for (const Finding& finding : findings) {
    ordered_json one = {{"state", text_of(finding.state)}, {"name", finding.name}, {"what", finding.what}};
    if (!finding.remedy.empty()) one["remedy"] = finding.remedy;
    all.push_back(std::move(one));
  }
  return {{"faults", count(findings, State::fault)}, {"warnings", count(findings, State::warning)}, {"findings", all}};
}

void print(const Findings& findings, std::ostream& out) {
  for (const Finding& finding : findings) {
    out << std::left << std::setw(9) << text_of(finding.state) << finding.name << ": " << finding.what;
    if (!finding.remedy.empty()) out << "; " << finding.remedy;
    out << "\n";
  }
  out << count(findings, State::fault) << " faults, " << count(findings, State::warning) << " warnings\n";
}

}  // namespace

int run_doctor(const Arguments& arguments, Environment& environment) {
  const std::string file = arguments.get("config", default_config);
  const Findings findings = examine(load_config_file(file), file, environment);
  if (arguments.has("json")) {
    environment.out << to_json(findings).dump() << "\n";
  } else {
    print(findings, environment.out);
  }
  return count(findings, State::fault) == 0 ? done : failed;
}

}  // namespace weir::gateway::cli
