// History's answers: one series between two times, from wherever its readings are.
//
// Purpose    buckets come from the rollups of closed partitions, from the chunks of open ones and from the journal, readings from
//            chunks and journal. What is missing is told as gaps.
// Thread     the history thread.
// Ownership  what the sources refer to outlives the call.
// Limits     buckets: limits::history_buckets_max. A page of readings ends at what was asked for, or when it has looked at
//            page_looked_at_max readings: it may be empty and still have a `next`.
// Errors     `not_found`: a journal's file was used again meanwhile: begin anew; those of the database. Damaged rows are gaps.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "log/database.h"
#include "log/history_gaps.h"
#include "log/history_grid.h"
#include "log/journal.h"
#include "log/journal_minutes.h"
#include "log/log.h"
#include "log/partition.h"
#include "log/segment.h"

namespace weir::gateway {

inline constexpr std::size_t page_looked_at_max = 1'000'000;

/// Salvaged readings have numbers of another epoch. In a page they come first and get numbers that say where they are, so that
/// the next page can go on behind any of them: a bit that no number of a log reaches, the partition, the place in it. JSON
/// readers keep all 53 bits.
struct SalvagedPlace {
  std::int64_t partition = 0;  // below 0
  std::uint64_t offset = 0;    // from the partition's first number

  static constexpr unsigned flag_bit = 52, partition_bit = 40;
  static bool names(std::uint64_t number) { return (number >> flag_bit & 1U) != 0; }
  static SalvagedPlace from(std::uint64_t number);
  std::uint64_t number() const;
};

class HistoryRun {
 public:
  /// Buckets or a page of readings. `database`, `names` and `series` outlive it.
  static std::unique_ptr<HistoryRun> make(Database& database, const Names& names, const Series& series, HistoryQuery query);
  virtual ~HistoryRun() = default;
  HistoryRun(const HistoryRun&) = delete;
  HistoryRun& operator=(const HistoryRun&) = delete;

  /// Inside a read transaction.
  Result<void> read_folded(const std::vector<Partition>& partitions);
  /// Parts behind `folded`, that were there before the transaction began.
  Result<void> read_journal(const std::vector<JournalPartPtr>& parts, std::uint64_t folded_seq, JournalMinutes& minutes);
  HistoryAnswer finish(const std::vector<LossEntry>& losses);

 protected:
  HistoryRun(Database& database, const Names& names, const Series& series, HistoryQuery query);

  /// What readings may be of use.
  virtual TimeRange reach() const = 0;
  virtual Result<void> read_partition(const Partition& partition) = 0;
  /// The next in the order of the log.
  virtual void take(std::vector<Record>& readings) = 0;
  virtual bool takes_minutes() const { return false; }
  virtual void take(const std::vector<Bucket>&) {}
  virtual bool full() const = 0;
  /// Behind which number readings are wanted: of a partition, and of the journal.
  virtual std::uint64_t after(const Partition& partition) const = 0;
  virtual std::uint64_t after() const = 0;
  virtual void put(HistoryAnswer& answer) = 0;

  Result<void> read_chunks(const Partition& partition);
  Result<std::vector<Bucket>> rollups(const Partition& partition, RollupLevel level);
  void note_thinned(const std::vector<Bucket>& minutes);
  void note_damaged(const Partition& partition);

  Database& database_;
  const Names& names_;
  const Series& series_;
  const HistoryQuery query_;
  const TimeRange range_;
  HistoryGaps gaps_;

 private:
  bool wants(const Partition& partition) const;
  Result<void> read_part(const JournalPartPtr& part, std::uint64_t after);
  Result<bool> worth_reading(const Partition& partition);
};

}  // namespace weir::gateway
