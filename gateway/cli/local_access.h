// The rights and the log of the gateway on this computer, reached through its files: no gateway has to run.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "access/access.h"
#include "access/audit.h"
#include "cli/command.h"

namespace weir::gateway::cli {

/// `--config`, of which only data_dir must be right: a secret may be in the daemon's environment only. Nothing after a fault;
/// `code` is the exit code then.
std::optional<Config> local_config(const Arguments& arguments, Environment& environment, int& code);

/// Opens the rights that are there. Null after a fault; `code` is the exit code then.
std::unique_ptr<Access> open_access(const Arguments& arguments, Environment& environment, int& code);

/// Changes the rights, with a row of the audit before: who, where from and what came of it are filled in. The exit code.
int change_access(const Arguments& arguments, Environment& environment, AuditEntry entry,
                  const std::function<Result<void>(Access&)>& act);

}  // namespace weir::gateway::cli
