#include "cli/local_access.h"

#include <ostream>

#include "cli/subcommands.h"

namespace weir::gateway::cli {

std::unique_ptr<Access> open_access(const Arguments& arguments, Environment& environment, int& code) {
  static const SystemClock clock;
  const std::string file = arguments.get("config", default_config);
  Loaded loaded = load_config_file(file);
  std::erase_if(loaded.faults, [](const Fault& fault) { return !fault.key.empty() && fault.key != "data_dir"; });
  if (!loaded.faults.empty()) {
    code = complain(environment, loaded.faults, file);
    return nullptr;
  }
  auto access = Access::open(loaded.config.data_dir, clock);
  if (access) return std::move(*access);
  code = complain(environment, access.error());
  return nullptr;
}

}  // namespace weir::gateway::cli
