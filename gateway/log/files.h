// Files as a whole: copied and moved so that a power cut leaves the old or the new one.
//
// Purpose    for backup, restore and migration.
// Thread     any.
// Ownership  none.
// Limits     none.
// Errors     `io` with path and reason; `full` where there is no room.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace weir::gateway {

/// Syncs `from`, renames it to `to` (over what is there) and syncs the folder.
Result<void> move_durably(const std::filesystem::path& from, const std::filesystem::path& to);

Result<void> copy_whole(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace weir::gateway
