#include "cli/local_access.h"

#include <ostream>

#include "cli/subcommands.h"

namespace weir::gateway::cli {

std::optional<Config> local_config(const Arguments& arguments, Environment& environment, int& code) {
  const std::string file = arguments.get("config", default_config);
  Loaded loaded = load_config_file(file);
  std::erase_if(loaded.faults, [](const Fault& fault) { return !fault.key.empty() && fault.key != "data_dir"; });
  if (loaded.faults.empty()) return std::move(loaded.config);
  code = complain(environment, loaded.faults, file);
  return std::nullopt;
}

std::unique_ptr<Access> open_access(const Arguments& arguments, Environment& environment, int& code) {
  static const SystemClock clock;
  const auto config = local_config(arguments, environment, code);
  if (!config) return nullptr;
  auto access = Access::open(config->data_dir, clock);
  if (access) return std::move(*access);
  code = complain(environment, access.error());
  return nullptr;
}

}  // namespace weir::gateway::cli
