// Partition: what is kept and let go of together, and how its rows are read.
//
// Purpose    folded records live in the chunk table of a partition, its rollups in another one. docs/storage.md.
// Thread     whoever owns the database connection.
// Ownership  a PartitionReader must not outlive its Database; it sees what the transaction around it sees.
// Limits     one segment is in memory at a time.
// Errors     of the database; a damaged row costs its segment's series (or the segment, where it is the header) and is counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "log/database.h"
#include "log/fold.h"
#include "log/segment.h"

namespace weir::gateway {

struct Partition {
  std::int64_t id = 0;
  std::uint64_t first_seq = 0, last_seq = 0;
  bool closed = false;                 // it has rollups, and nothing is added to it
  bool thinned = false;                // it has only rollups
  bool salvaged = false;               // of an older epoch: for history, not for cursors
  bool unset = false;                  // has readings of a boot whose clock was not set: their times are corrected when it is
  Timestamp oldest_time, newest_time;  // of its readings; where it is `unset` final only once it is closed
  Timestamp newest_received;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0, rollup_bytes = 0;
  std::chrono::nanoseconds begun_age{}, ended_age{};  // on the log's own clock of ages
};

/// The salvaged ones first, then by number.
Result<std::vector<Partition>> load_partitions(Database& database);
Result<void> insert_partition(Database& database, const Partition& partition);
Result<void> make_chunk_table(Database& database, std::int64_t id);  // in place of what is there
Result<void> update_partition(Database& database, const Partition& partition);
Result<void> thin_partition(Database& database, Partition& partition);
Result<void> drop_partition(Database& database, const Partition& partition);
/// Makes its rollups, in a transaction of its own.
Result<void> close_partition(Database& database, Partition& partition, const Names& names);

class PartitionReader {
 public:
  PartitionReader(Database& database, const Partition& partition, const Names& names)
      : database_(database), partition_(partition), names_(names) {}

  /// To the segment that has `seq`, or the first one behind it. False: there is none.
  Result<bool> seek(std::uint64_t seq);
  Result<bool> next();
  const SegmentHeader& header() const { return header_; }

  /// Of the segment, with numbers in [from, to), in order, appended.
  Result<void> records(std::uint64_t from, std::uint64_t to, std::vector<Record>& out);
  /// The same of one series, or of all but not in order.
  Result<void> readings(std::optional<std::uint32_t> series, std::uint64_t from, std::uint64_t to, std::vector<Record>& out);

  std::uint64_t damaged_rows() const { return damaged_rows_; }

 private:
  Result<bool> first_segment_from(std::int64_t id);
  Result<void> prepare();

  Database& database_;
  const Partition partition_;
  const Names names_;
  Statement before_, from_, rows_, row_;
  std::int64_t segment_ = 0;  // the id of its slot 0
  SegmentHeader header_;
  std::uint64_t damaged_rows_ = 0;
};

}  // namespace weir::gateway
