#include "cli/local_access.h"

#include <pwd.h>
#include <unistd.h>

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

namespace {

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

/// "kim (uid 1000)": of sudo, who has asked for it.
std::string who_runs_this(const Environment& environment) {
  const char* name = environment.variable("SUDO_USER");
  const passwd* known = ::getpwuid(::geteuid());
  std::string who = name != nullptr ? std::string(name) + " as " : "";
  who += known != nullptr ? known->pw_name : "somebody";
  return who + " (uid " + std::to_string(::geteuid()) + ")";
}

}  // namespace

int change_access(const Arguments& arguments, Environment& environment, AuditEntry entry,
                  const std::function<Result<void>(Access&)>& act) {
  int code = done;
  const auto config = local_config(arguments, environment, code);
  if (!config) return code;
  auto access = Access::open(config->data_dir, system_clock());
  if (!access) return complain(environment, access.error());
  auto audit = Audit::open(config->data_dir, system_clock());
  if (!audit) return complain(environment, audit.error());
  entry.who = who_runs_this(environment);
  entry.from = "local";
  entry.result = "done";
  if (const auto kept = (*audit)->append_and_wait(entry); !kept) return complain(environment, kept.error());
  const auto acted = act(**access);
  if (acted) return done;
  entry.result = "not done: " + acted.error().message;
  (*audit)->note(std::move(entry));
  return complain(environment, acted.error());
}

std::unique_ptr<Access> open_access(const Arguments& arguments, Environment& environment, int& code) {
  const auto config = local_config(arguments, environment, code);
  if (!config) return nullptr;
  auto access = Access::open(config->data_dir, system_clock());
  if (access) return std::move(*access);
  code = complain(environment, access.error());
  return nullptr;
}

}  // namespace weir::gateway::cli
