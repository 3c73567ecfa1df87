#include <ostream>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

nlohmann::ordered_json report(const Loaded& loaded) {
  nlohmann::ordered_json faults = nlohmann::ordered_json::array(), exposure = nlohmann::ordered_json::array();
  for (const Fault& fault : loaded.faults) {
    faults.push_back(
        {{"line", fault.line}, {"column", fault.column}, {"key", fault.key}, {"what", fault.what}, {"remedy", fault.remedy}});
  }
  if (loaded.faults.empty()) {
    const std::string described = describe_exposure(loaded.config);
    for (const std::string_view line : split(described, '\n')) {
      if (!line.empty()) exposure.push_back(line);
    }
  }
  return {{"faults", faults}, {"exposure", exposure}};
}

}  // namespace

int run_check(const Arguments& arguments, Environment& environment) {
  const std::string& file = arguments.operands[0];
  const Loaded loaded = load_config_file(file);
  if (arguments.has("json")) {
    environment.out << report(loaded).dump() << "\n";
    return loaded.faults.empty() ? done : misused;
  }
  if (!loaded.faults.empty()) return complain(environment, loaded.faults, file);
  environment.out << describe_exposure(loaded.config);
  return done;
}

}  // namespace weir::gateway::cli
