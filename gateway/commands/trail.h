// The audit's rows about commands: each that was accepted, and each end.
//
// Purpose    `command.accepted` with what was asked, `command.ended` with what came of it; target is the device.
// Thread     as Audit says; missing_ends() at the start.
// Ownership  the audit outlives the CommandAudit.
// Limits     those of a row: long arguments and results are cut there (the log has them whole).
// Errors     those of the audit.
#pragma once

#include <filesystem>
#include <vector>

#include "access/audit.h"
#include "commands/commands.h"

namespace weir::gateway {

CommandAudit audit_to(Audit& audit);

/// The ended commands among `earlier` that have no row, for the gateway was killed between the two.
Result<std::vector<CommandStatus>> missing_ends(const std::filesystem::path& data_dir, const std::vector<CommandStatus>& earlier);

}  // namespace weir::gateway
