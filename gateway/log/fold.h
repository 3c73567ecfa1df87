// Fold: a part of the journal becomes rows of the database.
//
// Purpose    records by series in chunks, and what else the entries say in its tables; as much again as often as wanted.
// Thread     the fold thread; also a backup's.
// Ownership  plain values. Records of `changes` point into the dictionary.
// Limits     a part and its rows are in memory: some 10 MiB for a part of 4 MiB.
// Errors     of PartReader; of the database.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "log/dictionary.h"
#include "log/journal_part.h"
#include "log/loss_totals.h"
#include "log/segment.h"
#include "log/state.h"

namespace weir::gateway {

struct Folded {
  struct Segment {
    std::uint64_t first_seq;
    std::vector<SegmentEncoder::Row> rows;
  };
  std::uint64_t part = 0;
  std::uint64_t first_seq = 0, last_seq = 0;
  std::uint64_t records = 0, bytes = 0;  // of the rows
  std::vector<Segment> segments;
  Timestamp oldest_time = Timestamp::max(), newest_time = Timestamp::min(), newest_received = Timestamp::min();
  std::optional<std::uint32_t> unset_boot;  // some commits of this boot wait for the clock to be set
  std::vector<Entry> names;                 // the series and units that the part brought
  State changes{State::Role::changes};
  LossTotals::Changes losses;
};

/// Gathers records into segments of `folded`: consecutive numbers, segment_records_max at most.
class SegmentMaker {
 public:
  SegmentMaker(Folded& folded, const Dictionary& dictionary) : folded_(folded), dictionary_(dictionary) {}

  /// Of one commit, or a piece of one.
  void add(const Commit& commit, const std::vector<Record>& records);
  void finish();

 private:
  std::uint32_t unit_id(const std::string* unit);

  Folded& folded_;
  const Dictionary& dictionary_;
  SegmentEncoder encoder_;
  std::uint64_t first_seq_ = 0, next_seq_ = 0;
  const std::string* unit_ = nullptr;  // the last one asked for: neighbours mostly have the same
  std::uint32_t unit_id_ = 0;
};

/// `losses` are those that are in the database, and are brought up to this part.
Result<Folded> fold(const JournalPartPtr& part, Dictionary& dictionary, const Names& names, LossTotals& losses);

Result<void> insert_chunks(Database& database, const Folded& folded, std::int64_t partition, std::uint64_t partition_first_seq);
/// Inside a transaction: all of it but the partition's own row. `partition` and its first number say where the rows go; they
/// don't matter where there are none.
Result<void> install(Database& database, const Folded& folded, std::int64_t partition, std::uint64_t partition_first_seq,
                     const Dictionary& dictionary);

/// Where a segment's rows begin in a partition's chunk table.
constexpr std::int64_t chunk_id(std::uint64_t first_seq, std::uint64_t partition_first_seq, std::uint32_t slot = 0) {
  return static_cast<std::int64_t>(((first_seq - partition_first_seq) << 20U) | slot);
}
constexpr std::int64_t chunk_slots = std::int64_t{1} << 20U;

}  // namespace weir::gateway
