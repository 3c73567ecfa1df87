// Store: the SQLite file: schema, partitions, small tables. gateway/docs/storage.md.
//
// Purpose    opens or makes the file and takes what is folded; the journal's files beside it belong to Journal.
// Thread     the opening thread, then the fold thread; bytes() any.
// Ownership  owns the database connection and a lock file, so that no two gateways write one log.
// Limits     page_limit() pages: what is left of `size_max` for the database.
// Errors     `conflict` another gateway has it open, or the file is of a newer version; `invalid` the file is damaged.
//            A file that is damaged where the start needs it is set aside with its journal by open(), and a new log with a
//            new epoch takes its place (replaced() names the old one).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "log/checkpoints.h"
#include "log/database.h"
#include "log/dictionary.h"
#include "log/journal.h"
#include "log/log.h"
#include "log/log_lock.h"
#include "log/loss_totals.h"
#include "log/partition.h"
#include "log/state.h"

namespace weir::gateway {

inline constexpr std::int64_t schema_version = 2;
inline constexpr std::uint64_t page_bytes = 4096;

/// How `size_max` is shared out.
struct Shares {
  std::uint64_t journal = 0;    // one file of journal_slots
  std::uint64_t wal = 0;        // SQLite's
  std::uint64_t ballast = 0;    // given back when the file system is full
  std::uint64_t database = 0;   // the rest
  std::uint64_t partition = 0;  // the chunks of one
  std::uint64_t keys = 0;       // idempotency keys; finished commands have as much

  static Shares of(std::uint64_t size_max);
};

/// The newest part of the journal that is in the database.
struct FoldPoint {
  std::uint64_t part = 0;
  std::uint64_t seq = 0;  // the newest number that is there, or was given out before
};

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(const LogOptions& options, Timestamp now);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Database& database() { return database_; }
  const std::string& vfs() const { return vfs_; }
  const Shares& shares() const { return shares_; }
  std::uint32_t epoch() const { return epoch_; }
  std::uint32_t boot() const { return boot_; }  // this boot's number
  /// The wall time of a boot's monotonic zero, where it is known.
  std::vector<std::optional<Timestamp>> boot_times();
  Result<void> set_boot_time(Timestamp zero);
  const std::filesystem::path& replaced() const { return replaced_; }  // empty: nothing was set aside
  bool unclean() const { return unclean_; }                            // the last run did not stop in order
  bool rebooted() const { return rebooted_; }                          // nor has the board run on since then

  Result<FoldPoint> folded();
  Result<void> load(Dictionary& dictionary, State& state);
  Result<std::vector<LossTotals::Row>> load_losses();

  /// The log's own clock of ages, and the wall clock when it was written.
  struct Age {
    std::chrono::nanoseconds age{};
    Timestamp wall;
  };
  Result<Age> age();
  Result<void> set_age(Age age);                         // inside a transaction
  Result<void> note_unset_boot(std::int64_t partition);  // inside a transaction
  /// Inside a transaction: the oldest idempotency keys and finished commands go, beyond limits.h and their share of the file.
  Result<void> prune();

  /// All pages that hold something, and the limit they are kept under.
  Result<std::uint64_t> pages_used();
  Result<std::uint64_t> pages_free();  // of those that the file has
  std::uint64_t page_limit() const { return page_limit_; }
  /// Damaged files that are kept have their share of size_max too.
  Result<void> limit_pages(std::uint64_t bytes_elsewhere);

  Result<void> checkpoint(Checkpoints::Then then) { return checkpoints_->run(then); }
  std::filesystem::path ballast_file() const;

  /// How far a damaged log was salvaged. Noting that no partition was made ends it.
  static constexpr std::size_t salvage_done = ~std::size_t{0};
  Result<std::size_t> salvage_progress(const std::filesystem::path& aside);
  Result<void> note_salvage(const std::filesystem::path& aside, std::size_t progress, const std::optional<Partition>& made);

  Result<void> mark_clean();
  /// Lets the next start set the file aside. For damage that is found when the log runs.
  void mark_damaged();
  std::uint64_t database_bytes() const;  // file and WAL
  const std::filesystem::path& file() const { return options_.file; }

 private:
  std::uint64_t growth_possible(std::uint64_t pages) const;
  Store(Database database, const LogOptions& options, std::string vfs);
  static Result<std::unique_ptr<Store>> open_once(const LogOptions& options, const std::string& vfs, Timestamp now);
  Result<void> prepare_file(Timestamp now);
  Result<void> make_schema(Timestamp now);
  Result<void> load_meta();
  Result<void> note_start();
  Result<void> find_boot();
  Result<void> set_meta(std::string_view key, std::string_view value);
  Result<std::string> meta(std::string_view key);

  Database database_;
  std::unique_ptr<Checkpoints> checkpoints_;
  const LogOptions options_;
  const std::string vfs_;
  const Shares shares_;
  std::uint64_t page_limit_;
  LogLock lock_;
  std::filesystem::path replaced_;
  bool unclean_ = false, rebooted_ = false;
  std::uint32_t epoch_ = 0, boot_ = 0;
};

}  // namespace weir::gateway
