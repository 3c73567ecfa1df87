// The rights of the gateway on this computer, reached through its files: no gateway has to run.
#pragma once

#include <functional>
#include <memory>

#include "access/access.h"
#include "cli/command.h"

namespace weir::gateway::cli {

/// Opens the rights in the data_dir of `--config`. Other faults of the configuration don't matter here: a secret may be in
/// the daemon's environment only. Null after a fault; `code` is the exit code then.
std::unique_ptr<Access> open_access(const Arguments& arguments, Environment& environment, int& code);

}  // namespace weir::gateway::cli
