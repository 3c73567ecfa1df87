// AuditFile: the segments of the audit and the note of its head, on disk.
//
// Purpose    rows are appended and synced, one batch at a time, by whichever process holds the lock; nothing about the
//            files is remembered between batches, as another process may have written.
// Thread     one thread for each object; processes exclude each other by flock(2) on audit/lock.
// Ownership  none beyond its paths.
// Limits     AuditOptions::size_max, segment_max.
// Errors     `full` for a full disk, `io` otherwise; nothing of the batch is kept then.
//
// Files      audit/000000000001.jsonl, named after its first row; audit/head.json: where the rows begin and end. The head is
//            replaced after the rows are synced: rows beyond it may be torn by a power cut, rows before it may not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/audit.h"
#include "access/audit_row.h"

namespace weir::gateway {

struct AuditHead {
  std::uint64_t first = 1;            // the oldest row that is kept
  std::string anchor{audit_genesis};  // hash of the row before it
  std::uint64_t seq = 0;              // the newest row
  std::string hash{audit_genesis};    // its hash
  std::uint64_t segment = 1;          // its file, by its first row
  std::uint64_t bytes = 0;            // its end in that file
};

struct WaitingRow {
  AuditMoment moment;
  AuditEntry entry;
};

struct AuditWritten {
  std::vector<std::string> rows;
  std::uint64_t mended = 0, dropped = 0, bytes = 0, seq = 0;
};

class AuditFile {
 public:
  AuditFile(const std::filesystem::path& data_dir, const AuditOptions& options);

  Result<void> prepare();
  Result<AuditWritten> append(const std::vector<WaitingRow>& batch);

 private:
  struct State {
    AuditHead head;
    std::vector<WaitingRow> told;  // what was found on the way: rows of its own, before the batch
    std::uint64_t mended = 0;
  };
  Result<State> load(const AuditMoment& moment) const;
  Result<void> follow(State& state, const AuditMoment& moment) const;
  Result<void> write(State& state, const std::vector<WaitingRow>& rows, AuditWritten& written) const;
  void start_segment(AuditHead& head, std::size_t bytes) const;
  void drop_oldest(State& state, const AuditMoment& moment, AuditWritten& written) const;

  std::filesystem::path folder_;
  std::uint64_t size_max_, segment_max_;
};

std::filesystem::path audit_folder(const std::filesystem::path& data_dir);
std::filesystem::path audit_segment(const std::filesystem::path& folder, std::uint64_t first);
std::vector<std::uint64_t> audit_segments(const std::filesystem::path& folder);  // by their first rows, in order

std::string encode_head(const AuditHead& head);
std::optional<AuditHead> decode_head(std::string_view text);

/// Follows the lines of `text` as long as each is the next row; how many bytes those took.
std::size_t follow_rows(std::string_view text, AuditHead& head);

/// Whether bytes after the last row are a write that a power cut ended: no row was ever without a line feed or with NUL.
bool torn(std::string_view rest);

}  // namespace weir::gateway
