// Store: the SQLite file: schema, partitions of the journal, small tables. gateway/docs/storage.md.
//
// Purpose    opens or makes the file, appends rows to the newest partition, drops the oldest.
// Thread     the committing thread (the opening thread before).
// Ownership  owns the database connection and a lock file, so that no two gateways write one log.
// Limits     `size_max` for file and WAL together: kept by max_page_count and by dropping whole partitions.
// Errors     `conflict` another gateway has it open; `invalid` the file is no log of ours or of a newer version; a damaged file
//            is set aside by open() and a new log with a new epoch takes its place (replaced() names the old one).
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "log/database.h"
#include "log/dictionary.h"
#include "log/log.h"
#include "log/state.h"

namespace weir::gateway {

inline constexpr std::uint64_t page_bytes = 4096;
inline constexpr std::uint64_t wal_bytes_max = std::uint64_t{4} << 20U;  // what the WAL is cut back to

struct Partition {
  std::int64_t id = 0;
  std::uint64_t first_seq = 0;  // of its first record, or of the next where it is empty
  Timestamp begun;              // when it was made
  std::uint64_t bytes = 0;      // of its rows, about
  Timestamp newest;             // received
};

/// The name of a partition's table, and what makes one.
std::string journal_table(std::int64_t partition);
std::string make_partition_sql(std::int64_t partition, std::uint64_t first_seq, Timestamp begun);

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(const LogOptions& options, Timestamp now);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Database& database() { return database_; }
  Dictionary& dictionary() { return dictionary_; }
  State& state() { return state_; }

  std::uint32_t epoch() const { return epoch_; }
  std::uint64_t next_seq() const { return next_seq_; }
  std::uint64_t head() const { return head_; }
  std::uint64_t oldest() const;
  const std::filesystem::path& replaced() const { return replaced_; }  // empty: nothing was set aside
  bool unclean() const { return unclean_; }                            // the last run did not stop in order

  Result<Transaction> begin() { return Transaction::begin(database_); }
  /// Inside a transaction. appended() after its commit.
  Result<void> append_row(Timestamp received, std::size_t records, std::string_view body);
  void appended(Timestamp received, std::size_t records, std::size_t bytes);

  /// After a transaction that failed: memory is brought back to what the file says.
  Result<void> reload_state();

  bool partition_full() const;
  /// True when the newest partition is large or old enough to begin another.
  bool roll_due(Timestamp now) const;
  Result<void> roll(Timestamp now);
  /// Counts the pages in use, for size_drop_due().
  Result<void> measure();
  /// Whether the file is above nine tenths of its limit, or the oldest partition above its age.
  bool size_drop_due() const;
  bool age_drop_due(Timestamp now) const;
  const std::deque<Partition>& partitions() const { return partitions_; }
  Result<void> drop_oldest();

  Result<void> mark_clean();
  std::uint64_t bytes_used() const;  // file and WAL
  Result<std::vector<CommandStatus>> load_commands();
  Result<std::vector<ConsumerMark>> load_consumers();

 private:
  Store(Database database, const LogOptions& options);
  static Result<std::unique_ptr<Store>> open_once(const LogOptions& options, Timestamp now);
  Result<void> prepare_file(Timestamp now);
  Result<void> make_schema(Timestamp now);
  Result<void> load();
  Result<void> load_partitions();
  Result<void> replay();
  Result<void> notice_power_cut();
  Result<void> prepare_append();
  Result<void> set_meta(std::string_view key, std::string_view value);
  Result<std::string> meta(std::string_view key);

  Database database_;
  const LogOptions options_;
  const std::uint64_t page_limit_;  // of the database file; the WAL has its own share of size_max
  int lock_fd_ = -1;
  std::filesystem::path replaced_;
  bool unclean_ = false;
  std::uint32_t epoch_ = 0;
  std::uint64_t next_seq_ = 1, head_ = 0;
  Dictionary dictionary_;
  State state_;
  std::deque<Partition> partitions_;  // never empty after load; the last is appended to
  std::uint64_t partition_bytes_max_;
  std::uint64_t pages_used_ = 0;
  Statement append_;
};

}  // namespace weir::gateway
