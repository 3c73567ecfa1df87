// Keeper: what happens to records after they are committed: folded, closed, thinned, dropped.
//
// Purpose    the only writer of the database. Never in the way of a commit: it takes full parts of the journal and gives
//            their files back.
// Thread     its own, `fold`, at low priority. start(), wake(), stop(): the log's owner. The rest: any.
// Ownership  owns the store; the journal and the dictionary outlive it.
// Limits     `size_max` and `age_max`, kept by whole partitions: thinned first, then dropped, the oldest first, but what a
//            durable consumer has not read is thinned last. One partition is closed and one cut down in each round.
// Errors     `full` is answered by making room, again each second; all others end the log (Hooks::failed).
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "log/boots.h"
#include "log/fold.h"
#include "log/journal.h"
#include "log/partition.h"
#include "log/salvage.h"
#include "log/store.h"

namespace weir::gateway {

/// What retention took.
struct Dropped {
  std::string reason;  // `thinned`: minutes are left of it; `expired`: nothing is
  std::uint64_t count = 0;
  Timestamp first, last;
};

class Keeper {
 public:
  struct Hooks {
    std::function<void(const Error&)> failed = [](const Error&) {};
    std::function<void(std::uint64_t)> oldest = [](std::uint64_t) {};  // before the records before it are gone
    std::function<void(const Dropped&)> dropped = [](const Dropped&) {};
    Salvage::Intern intern = [](const auto&, const auto&) { return Result<void>(); };
    std::function<void(const std::filesystem::path&, std::uint64_t, std::uint64_t)> salvaged =  // records: taken, lost
        [](const auto&, auto, auto) {};
    std::function<std::uint64_t()> read = [] { return ~std::uint64_t{0}; };  // by all durable consumers up to here
  };
  Keeper(std::unique_ptr<Store> store, Journal& journal, Dictionary& dictionary, Boots& boots,
         std::vector<LossTotals::Row> losses, const LogOptions& options, const Clock& clock);
  ~Keeper();

  /// What is there, before start(): the oldest number that is held, of `otherwise` where nothing is.
  Result<std::uint64_t> load(std::uint64_t otherwise);
  /// Before anything else is asked of it.
  void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }
  /// Before start(), or in the thread: folds one sealed part. False: there is none.
  Result<bool> fold_one();
  /// `threaded` false: nothing happens but in round(), for tests that cut the power at every step.
  void start(bool threaded);
  void wake();
  Result<void> round();
  /// Ends the thread and folds all that is sealed.
  Result<void> stop();
  Result<void> mark_clean() { return store_->mark_clean(); }

  struct Stats {
    std::atomic<std::uint64_t> folded_records = 0, folded_bytes = 0, aside_bytes = 0;
    std::atomic<bool> space_short = false;
  };
  const Stats& stats() const { return stats_; }
  std::uint64_t database_bytes() const { return store_->database_bytes(); }
  std::uint64_t aside_bytes() const { return stats_.aside_bytes; }
  std::chrono::nanoseconds partition_age_max() const { return partition_age_max_; }

 private:
  void run(const std::stop_token& stop);
  Result<void> fold_all();
  Result<void> install_folded(Folded& folded);
  Result<void> install_once(Folded& folded);
  Result<void> try_install(Folded& folded, Partition& target, bool fresh);
  Partition partition_for(const Folded& folded, bool& fresh) const;
  void add_to(Partition& partition, const Folded& folded) const;
  Result<void> close_one();
  Result<void> set_boot_time();
  Result<void> salvage();
  Result<void> find_salvage();
  Result<void> tend_disk();
  Result<void> make_ballast();
  void remove_ballast();

  // Retention.
  Result<void> keep_size(std::uint64_t bytes_needed);
  Result<void> keep_age();
  Result<void> relieve(std::uint64_t bytes_needed);
  Result<bool> cut_down(bool all);
  Result<void> thin(Partition& partition);
  Result<void> drop(std::vector<Partition>::iterator partition);
  std::uint64_t oldest_without(const Partition& gone) const;
  bool read_by_all(const Partition& partition) const;
  std::chrono::nanoseconds age() const;

  const LogOptions options_;
  const Clock& clock_;
  std::unique_ptr<Store> store_;
  Journal& journal_;
  Dictionary& dictionary_;
  Boots& boots_;
  LossTotals losses_;  // as they are in the database
  Hooks hooks_;
  const std::chrono::nanoseconds partition_age_max_;

  // The thread's.
  std::vector<Partition> partitions_;  // salvaged ones first; the last may be open
  std::optional<Folded> folded_;       // could not be installed yet
  std::chrono::nanoseconds age_at_start_{};
  Monotonic started_;
  Timestamp wall_at_stop_;
  bool gap_added_ = false;
  bool ballast_there_ = false;
  std::unique_ptr<Salvage> salvage_;  // the damaged log that is being read
  std::filesystem::path salvage_file_;
  bool salvage_named_ = false;

  Stats stats_;
  std::mutex mutex_;
  std::condition_variable_any waiting_;
  bool woken_ = false;
  std::jthread thread_;
};

}  // namespace weir::gateway
