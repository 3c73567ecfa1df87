#include <ostream>

#include "cli/subcommands.h"

namespace weir::gateway::cli {

int run_daemon(const Arguments& arguments, Environment& environment) {
  const std::string file = arguments.get("config", default_config);
  const Loaded loaded = load_config_file(file);
  if (!loaded.faults.empty()) return complain(environment, loaded.faults, file);
  if (arguments.has("print-config")) {
    environment.out << print_config(loaded.config);
    return done;
  }
  return environment.daemon(loaded.config, file);
}

}  // namespace weir::gateway::cli
