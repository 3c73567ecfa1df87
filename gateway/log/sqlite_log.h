// SqliteLog: the Log on a journal and one SQLite file.
//
// Purpose    queue, group commit, timers. Whoever waits for a commit while nobody commits does it for all that has queued
//            (as LevelDB's writers do); the `log` thread does it for those that don't wait, and syncs the journal.
//            decisions/0005 says why not every commit crosses threads.
// Thread     as log.h.
// Ownership  owns journal, keeper, history and the `log` thread.
// Limits     as log.h.
// Errors     as log.h.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock_watch.h"
#include "log/boots.h"
#include "log/flash_budget.h"
#include "log/history.h"
#include "log/journal.h"
#include "log/keeper.h"
#include "log/tail.h"
#include "log/writer.h"

namespace weir::gateway {

/// What a start finds, before anything is appended.
struct Opened {
  std::unique_ptr<Store> store;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Dictionary> dictionary;
  std::unique_ptr<Boots> boots;
  State state{State::Role::live};
  std::vector<LossTotals::Row> losses;  // as the database has them
  std::vector<Record> journal_losses;   // what the journal adds
  std::uint64_t head = 0;
  std::uint64_t next_seq = 1;  // head + 1, or further behind a power cut
  std::uint64_t oldest = 1;    // of what is in the journal alone
  std::uint64_t damaged_records = 0;
  bool unclean = false;
};
Result<Opened> open_log(const LogOptions& options, Timestamp now);

class SqliteLog final : public Log {
 public:
  static Result<std::unique_ptr<SqliteLog>> start(Opened opened, const LogOptions& options, const Clock& clock, Hooks hooks);
  ~SqliteLog() override;

  Result<Committed> append_and_wait(Append&& append, std::chrono::milliseconds deadline) override;
  Result<void> append(Append&& append, CommitHandler committed) override;

  std::uint32_t epoch() const override { return epoch_; }
  std::uint64_t head() const override { return tail_.head(); }
  std::uint64_t oldest() const override { return oldest_.load(std::memory_order_acquire); }
  TailRead read_tail(std::uint64_t after, std::size_t records_max, std::vector<BlockPtr>& out) const override {
    return tail_.read(after, records_max, out);
  }
  void read(std::uint64_t after, std::size_t records_max, std::function<void(Result<BlockPtr>)> done) override;
  void find_time(Timestamp time, std::function<void(Result<std::uint64_t>)> done) override;
  void history(HistoryQuery query, std::function<void(Result<HistoryAnswer>)> done) override;
  std::vector<LossEntry> losses() const override { return losses_.entries(); }

  std::vector<Record> newest() const override;
  std::vector<DeviceRow> devices() const override;
  std::vector<CommandStatus> commands() const override { return commands_at_start_; }
  std::vector<ConsumerMark> consumers() const override;
  LogStats stats() const override;
  Result<void> tend() override;
  void close() override;

 private:
  /// An append that waits for its commit. Shared by the queue and by who waits.
  struct Pending {
    Append append;
    CommitHandler committed;  // empty: somebody waits for `outcome`
    std::size_t weight = 0;   // its share of the queue's limit
    std::optional<Result<Committed>> outcome;
  };
  using PendingPtr = std::shared_ptr<Pending>;
  using Lock = std::unique_lock<std::mutex>;

  SqliteLog(Opened opened, const LogOptions& options, const Clock& clock, Hooks hooks);
  Result<void> begin();

  // From anywhere, without mutex_.
  void fail(const Error& error);
  void record(Kind kind, std::string members);
  void dropped(const Dropped& dropped);
  void salvaged(const std::filesystem::path& file, std::uint64_t records, std::uint64_t lost);
  Result<void> intern(const Salvage::SeriesNames& series, const std::vector<std::string>& units);
  void lost(std::string_view reason, std::uint64_t count, Timestamp first, Timestamp last);
  static Result<void> sync_parts(const std::vector<JournalPartPtr>& parts);

  // Under mutex_.
  Result<void> enqueue(const PendingPtr& pending);
  void wake_log_thread();
  void wait_for_commit(Lock& lock);  // until one has ended
  // The committer's role, for anything else than a commit: between the two the mutex is free.
  void take_role(Lock& lock);
  void give_role(Lock& lock);

  // In the committer's role, without mutex_; commit_queue() and take_timers() take the role and give it back.
  void commit_queue(Lock& lock);
  Result<Writer::Outcome> commit(const std::vector<PendingPtr>& batch);
  Result<Writer::Outcome> write(const std::vector<PendingPtr>& batch);
  Result<void> roll();
  bool synchronised() const;
  void publish(const BlockPtr& block);
  void note_consumers(const std::vector<ConsumerMark>& marks);
  void run_timers();
  void look_at_clock();

  // The log thread's.
  void run(const std::stop_token& stop);
  void sync(Lock& lock);
  void take_timers(Lock& lock);
  Monotonic next_timer() const;  // under mutex_ while nobody commits, or in the committer's role

  const LogOptions options_;
  const Clock& clock_;
  const Hooks hooks_;
  const std::uint32_t epoch_;
  const std::string vfs_;
  Tail tail_;
  std::atomic<std::uint64_t> oldest_;
  std::atomic<std::uint64_t> read_by_consumers_{~std::uint64_t{0}};

  std::unique_ptr<Dictionary> dictionary_;
  std::unique_ptr<Boots> boots_;
  std::unique_ptr<Journal> journal_;
  LossTotals losses_;
  std::vector<CommandStatus> commands_at_start_;

  // The committer's: whoever set committing_ and has not cleared it.
  State state_;
  Writer writer_;
  std::optional<Monotonic> sync_due_;
  std::atomic<std::chrono::milliseconds> sync_interval_{sync_interval_min};
  Monotonic began_;        // the commit
  Monotonic part_begun_;   // the journal's part that is appended to
  Monotonic clock_due_;    // the next look at the clock
  Timestamp time_passed_;  // surely: the newest that the log knew when it was opened
  ClockWatch clock_watch_;
  std::map<std::string, std::uint64_t> consumers_;  // acknowledged up to

  mutable std::mutex mutex_;           // protects all below
  std::condition_variable committed_;  // a commit has ended; for those counted in waiters_
  std::condition_variable work_;       // work_waiting_ was set; for the log thread
  bool work_waiting_ = false;
  unsigned waiters_ = 0;
  bool committing_ = false;
  bool closed_ = false;
  std::optional<Error> failed_;
  std::vector<PendingPtr> queue_;
  std::vector<JournalPartPtr> to_sync_;
  std::size_t queued_weight_ = 0;
  FlashBudget budget_;
  LogStats stats_;

  std::unique_ptr<History> history_;
  std::unique_ptr<Keeper> keeper_;
  std::jthread thread_;
};

}  // namespace weir::gateway
