// SqliteLog: the Log on one SQLite file.
//
// Purpose    queue, group commit, timers. Whoever waits for a commit while nobody commits does it for all that has queued
//            (as LevelDB's writers do); the `log` thread does it for those that don't wait, and syncs, rolls, drops.
//            decisions/0002 says why not every commit crosses threads.
// Thread     as log.h.
// Ownership  owns store, history and the `log` thread.
// Limits     as log.h.
// Errors     as log.h.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "log/history.h"
#include "log/store.h"
#include "log/tail.h"
#include "log/writer.h"

namespace weir::gateway {

class SqliteLog final : public Log {
 public:
  SqliteLog(std::unique_ptr<Store> store, std::unique_ptr<History> history, const LogOptions& options, const Clock& clock,
            Hooks hooks);
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
  std::vector<LossEntry> losses() const override;
  std::vector<Record> newest() const override;
  std::vector<DeviceRow> devices() const override;
  std::vector<CommandStatus> commands() const override;
  std::vector<ConsumerMark> consumers() const override;
  LogStats stats() const override;
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

  // Under mutex_.
  Result<void> enqueue(const PendingPtr& pending);
  void wake_log_thread();

  // In the committer's role, without mutex_; commit_queue() and run_timers() take the role and give it back.
  void commit_queue(Lock& lock);
  Result<Writer::Outcome> commit(const std::vector<PendingPtr>& batch);
  void publish(const BlockPtr& block);
  void note_consumers(const Append& append);
  void fail(const Error& error);
  void run_timers(Lock& lock);
  void tend();
  Result<void> maintain();
  Result<void> drop_oldest();
  bool wanted(std::uint64_t seq) const;

  void run(const std::stop_token& stop);
  Monotonic next_timer() const;  // under mutex_ while nobody commits, or in the committer's role

  const LogOptions options_;
  const Clock& clock_;
  const Hooks hooks_;
  std::uint32_t epoch_;
  Tail tail_;
  std::atomic<std::uint64_t> oldest_;

  // The committer's: whoever set committing_ and has not cleared it.
  std::unique_ptr<Store> store_;
  Writer writer_;
  std::optional<Monotonic> sync_due_;
  Monotonic began_;  // the commit
  Monotonic maintenance_due_;
  bool space_needed_ = false;
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
  std::size_t queued_weight_ = 0;
  LogStats stats_;

  std::unique_ptr<History> history_;
  std::jthread thread_;
};

}  // namespace weir::gateway
