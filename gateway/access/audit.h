// Audit: who did what, from where, and what came of it.
//
// Purpose    rows of data_dir/audit/: one JSON line each, every one bound to the one before by SHA-256. docs/audit.md.
// Thread     append(), note(), read() and stats() from any thread; rows are written, and callbacks run, on a thread of its own.
// Ownership  owns that thread; destroyed after the rows that wait are written. Other processes may write the same rows.
// Limits     audit_limits below. Queue full: append() answers `full` at once and the action is refused, never done
//            unaudited; what note() can't queue is counted, and the next row says how many were lost.
// Errors     `full` and `io`, in words for whoever asked for the action. Secrets are never in a row: that is the caller's duty.
//
// Waits      whoever changes rights, configuration or devices calls append() and acts (or answers) in `done`, so that no
//            change is without its row. What only happened (a failed sign-in, a download, a final state) is a note().
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace weir::gateway {

/// All are plain text for people and programs; an empty one is left out of the row. Longer than the limit: cut, with "…".
struct AuditEntry {
  std::string who;     // "token:cloud", "session:3fa9", "user:anna"; "root (uid 0)" on the command line; "weir" by itself
  std::string from;    // "192.0.2.7", "local"
  std::string action;  // "token.add", "command.sent", "configuration.reload", "history.export"
  std::string target;  // what it was done to
  std::string before, after;
  std::string result;  // "done", or why not
};

namespace audit_limits {
inline constexpr std::size_t queue_max = 1024;         // rows that wait
inline constexpr std::size_t member_bytes_max = 2048;  // of an entry
inline constexpr std::size_t page_max = 1000;
inline constexpr std::size_t page_scan_bytes_max = std::size_t{8} * 1024 * 1024;  // read for one page
}  // namespace audit_limits

struct AuditOptions {
  std::uint64_t size_max = std::uint64_t{64} * 1024 * 1024;  // of all segments: the oldest is dropped, and a row says so
  std::uint64_t segment_max = std::uint64_t{4} * 1024 * 1024;
  std::function<void(std::string_view row)> forward;  // after the sync, on the audit's thread: to the journal
};

struct AuditStats {
  std::uint64_t rows = 0;                 // written since start
  std::uint64_t refused = 0;              // the queue was full, or the disk failed
  std::uint64_t lost = 0;                 // of note()
  std::uint64_t mended = 0;               // torn last lines, after a power cut
  std::uint64_t dropped = 0;              // segments
  std::uint64_t bytes = 0, size_max = 0;  // of all segments
  std::uint64_t seq = 0;                  // of the newest row
};

/// Rows after `after`, oldest first; without it the newest first, those before `before` where it is set.
struct AuditQuery {
  std::uint64_t after = 0, before = 0;
  bool newest_first = true;
  std::size_t limit = 100;
  std::string who, action, target;  // globs; empty: all
};

struct AuditPage {
  std::vector<std::string> rows;  // as they are on disk
  std::uint64_t next = 0;         // `after` or `before` of the next page
  bool more = false;
};

class Audit {
 public:
  using Done = std::function<void(Result<void>)>;

  /// Makes data_dir/audit (mode 0700) where it is missing, and mends a last line that a power cut tore.
  static Result<std::unique_ptr<Audit>> open(const std::filesystem::path& data_dir, const Clock& clock,
                                             AuditOptions options = {});
  virtual ~Audit() = default;

  /// `done` runs once: after the row is on disk, or at once (on the caller's thread) when it can't be queued.
  virtual void append(AuditEntry entry, Done done) = 0;
  virtual void note(AuditEntry entry) = 0;
  virtual void read(AuditQuery query, std::function<void(Result<AuditPage>)> done) = 0;
  virtual AuditStats stats() const = 0;

  /// For the command line.
  Result<void> append_and_wait(AuditEntry entry);
};

struct AuditVerified {
  std::uint64_t rows = 0, first = 0, last = 0;
  std::string hash;    // of the last row
  std::string fault;   // the first bad row and what is wrong with it; empty: sound
  std::string remark;  // what is no tampering: a torn last line
};

/// Reads every row. Fails only where files can't be read.
Result<AuditVerified> verify_audit(const std::filesystem::path& data_dir);
Result<AuditPage> read_audit(const std::filesystem::path& data_dir, const AuditQuery& query);

}  // namespace weir::gateway
