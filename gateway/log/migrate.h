// Migrations: an update keeps the log.
//
// Purpose    a log of an earlier schema becomes one of this: numbers, epoch, names, commands, consumers, everything. The new file
// is
//            made beside the old one and renamed over it when it is complete and synced; killed at any moment, it is begun anew.
// Thread     the opening thread; whoever holds the log's lock.
// Ownership  none.
// Limits     needs room for the new file beside the old one: from schema 1 about a third of it.
// Errors     `full`, `io`: the old file is as it was; `invalid`: it can't be read. Damaged rows are told and left out.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace weir::gateway {

/// Does nothing where there is no log, or one of this schema or a later one.
Result<void> bring_up_to_date(const std::filesystem::path& log, const std::string& vfs);

/// `into` is empty, `from` of schema 1; both are closed afterwards. How many records there are.
struct Migrated {
  std::uint64_t records = 0;
  std::uint64_t damaged_rows = 0;
};
Result<Migrated> migrate_from_1(const std::filesystem::path& from, const std::filesystem::path& into, const std::string& vfs);

}  // namespace weir::gateway
