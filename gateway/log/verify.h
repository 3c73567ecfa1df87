// Verify: is a log sound, to the last bit.
//
// Purpose    reads everything: every page of the database (its checksum, SQLite's own check), every chunk and every rollup (their
//            checksums, and whether they decode), numbers (each once, as many as the partitions say), the journal's entries.
// Thread     the calling one; the gateway may run meanwhile: the database is read in one snapshot.
// Ownership  none.
// Limits     findings_max findings; the rest is counted.
// Errors     `not_found`: there is no such file; `conflict`: of another schema. Damage is no error but a finding.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::gateway {

inline constexpr std::size_t findings_max = 100;

struct Finding {
  std::string where;  // "partition 12"
  std::string what;
};

struct Verified {
  std::uint32_t epoch = 0;
  std::uint64_t head = 0;
  std::uint64_t partitions = 0, segments = 0, records = 0, rollups = 0;
  std::uint64_t journal_entries = 0, journal_records = 0;
  std::uint64_t damaged = 0;  // findings, also those beyond the limit
  std::vector<Finding> findings;

  bool sound() const { return damaged == 0; }
};
Result<Verified> verify_log(const std::filesystem::path& file);

}  // namespace weir::gateway
