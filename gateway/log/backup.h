// Backup: the whole log in one file, and back.
//
// Purpose    back_up(): a copy of one moment, taken while the gateway runs or not: the database by SQLite's backup in one read
//            snapshot, the journal's parts behind it, and then these folded into the copy. restore(): such a file in place of
//            a log, under a new epoch, so that cursors of what was there before get a gap instead of something else.
// Thread     the calling one; in a process of its own.
// Ownership  none.
// Limits     while it copies, the log's WAL can't be cut back: it grows by what is folded meanwhile.
// Errors     `conflict`: the file is there already, or a gateway has the log open (restore); `not_found`: there is no log;
//            `invalid`: damaged, or of another schema; `unavailable`: the log folded faster than its journal could be copied;
//            of files. Nothing is left half done: a partial copy has another name, and is removed by the next one.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "base/time.h"

namespace weir::gateway {

struct Backup {
  std::uint32_t epoch = 0;
  std::uint64_t head = 0;   // the newest number in it
  std::uint64_t bytes = 0;  // of the file
};
Result<Backup> back_up(const std::filesystem::path& log, const std::filesystem::path& to, const Clock& clock);

struct Restored {
  std::uint32_t epoch = 0;  // the new one
  std::uint64_t head = 0;
  std::filesystem::path aside;  // where the log is that was there before; empty: there was none
};
/// `from` must be sound: verify_log() first.
Result<Restored> restore(const std::filesystem::path& from, const std::filesystem::path& log, Timestamp now);

}  // namespace weir::gateway
