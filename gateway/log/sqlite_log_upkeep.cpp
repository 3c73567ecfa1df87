// The rest of SqliteLog: the log thread, timers, the clock, what the keeper tells, stopping.
#include "base/log_line.h"
#include "log/members.h"
#include "log/sqlite_log.h"
#include "log/vfs.h"

namespace weir::gateway {

namespace {

constexpr auto clock_interval = std::chrono::seconds(1);

}  // namespace

// --- The log thread, and timers

void SqliteLog::run(const std::stop_token& stop) {
  std::stop_callback wake(stop, [this] {
    std::lock_guard lock(mutex_);
    wake_log_thread();
  });
  Lock lock(mutex_);
  while (!stop.stop_requested() && !failed_) {
    if (!to_sync_.empty()) {
      sync(lock);
    } else if (committing_) {
      wait_for_commit(lock);
    } else if (const auto due = next_timer(); due <= clock_.monotonic()) {
      take_timers(lock);
    } else if (!queue_.empty()) {
      commit_queue(lock);
    } else {
      work_waiting_ = false;
      work_.wait_for(lock, due - clock_.monotonic(), [this] { return work_waiting_; });
    }
  }
}

Monotonic SqliteLog::next_timer() const {
  auto next = clock_due_;
  for (const auto& due : {sync_due_, writer_.next_loss()}) {
    if (due) next = std::min(next, *due);
  }
  return next;
}

void SqliteLog::take_timers(Lock& lock) {
  if (writer_.losses_due()) return commit_queue(lock);
  committing_ = true;
  lock.unlock();
  run_timers();
  lock.lock();
  committing_ = false;
  if (waiters_ > 0) committed_.notify_all();
}

// With every commit, not only when the log thread has its turn: whoever commits in a loop must not put it off.
void SqliteLog::run_timers() {
  const auto now = clock_.monotonic();
  if (sync_due_ && *sync_due_ <= now) {
    sync_due_.reset();
    const auto parts = journal_->take_unsynced();
    std::lock_guard lock(mutex_);
    to_sync_.insert(to_sync_.end(), parts.begin(), parts.end());
  }
  if (clock_due_ > now) return;
  clock_due_ = now + clock_interval;
  look_at_clock();
  const auto* part = journal_->active();
  if (now - part_begun_ < keeper_->partition_age_max() || part->bytes() <= journal_sector_bytes) return;
  if (auto rolled = roll(); !rolled && rolled.error().code != ErrorCode::full) fail(rolled.error());
}

/// Not in the committer's role: commits go on while the disk is busy.
void SqliteLog::sync(Lock& lock) {
  const auto parts = std::exchange(to_sync_, {});
  lock.unlock();
  const auto synced = sync_parts(parts);
  if (!synced) fail(synced.error());
  lock.lock();
}

Result<void> SqliteLog::sync_parts(const std::vector<JournalPartPtr>& parts) {
  for (const auto& part : parts) {
    if (auto synced = part->sync(); !synced) return synced;
  }
  return {};
}

void SqliteLog::look_at_clock() {
  const auto at = clock_.monotonic();
  const auto change = clock_watch_.look(clock_.wall(), at, synchronised());
  if (change.stepped) {
    MembersWriter members;
    members.text("event", "clock_stepped").json("by_ms", std::to_string(change.stepped->count()));
    record(Kind::system, members.take());
  }
  if (change.synchronised) record(Kind::system, R"("event":"clock_synchronised")");
  std::lock_guard lock(mutex_);
  budget_.look(disk_counters(vfs_).written_bytes, at);
  sync_interval_ = budget_.interval();
}

// --- Retention

void SqliteLog::dropped(const Dropped& dropped) {
  {
    std::lock_guard lock(mutex_);
    (dropped.reason == "thinned" ? stats_.thinned_records : stats_.dropped_records) += dropped.count;
  }
  lost(dropped.reason, dropped.count, dropped.first, dropped.last);
}

void SqliteLog::salvaged(const std::filesystem::path& file, std::uint64_t records, std::uint64_t gone) {
  MembersWriter members;
  members.text("event", "salvaged").text("file", file.filename().string()).number("records", records).number("lost", gone);
  record(Kind::system, members.take());
  if (gone > 0) lost("damaged", gone, time_passed_, clock_.wall());
}

/// Names without records: an entry of their own, which ends the part, so that it is folded at once.
Result<void> SqliteLog::intern(const Salvage::SeriesNames& series, const std::vector<std::string>& units) {
  Lock lock(mutex_);
  if (failed_) return *failed_;
  take_role(lock);
  for (const auto& [device, metric] : series) (void)dictionary_->find_or_add_series(device, metric);
  for (const auto& unit : units) (void)dictionary_->find_or_add_unit(unit);
  std::vector<Append*> nothing;
  auto named = writer_.commit(nothing, synchronised());
  if (named) publish(named->block);  // losses that were due
  auto rolled = named ? roll() : Result<void>(named.error());
  give_role(lock);
  return rolled;
}

void SqliteLog::lost(std::string_view reason, std::uint64_t count, Timestamp first, Timestamp last) {
  MembersWriter members;
  members.text("where", "log").text("reason", reason).number("count", count).time("first", first).time("last", last);
  record(Kind::loss, members.take());
}

// --- Stopping, and by hand

Result<void> SqliteLog::tend() {
  {
    Lock lock(mutex_);
    while (next_timer() <= clock_.monotonic() && !failed_) take_timers(lock);
    if (!queue_.empty() && !failed_) commit_queue(lock);
    if (!to_sync_.empty()) sync(lock);
    if (failed_) return *failed_;
  }
  auto done = keeper_->round();
  if (!done) fail(done.error());
  return done;
}

void SqliteLog::take_role(Lock& lock) {
  ++waiters_;
  committed_.wait(lock, [this] { return !committing_; });
  --waiters_;
  committing_ = true;
  lock.unlock();
}

void SqliteLog::give_role(Lock& lock) {
  lock.lock();
  committing_ = false;
  if (waiters_ > 0) committed_.notify_all();
}

/// All is folded, and what retention takes for that is recorded behind it: in a part that the next start folds.
void SqliteLog::close() {
  Lock lock(mutex_);
  if (closed_) return;
  lock.unlock();
  thread_ = {};  // stops it and waits
  lock.lock();
  if (!queue_.empty() && !committing_ && !failed_) commit_queue(lock);
  take_role(lock);
  if (!failed_ && journal_->active()) (void)roll();  // without a free file the next start folds
  give_role(lock);
  lock.unlock();
  if (auto done = keeper_->stop(); !done) log_line(Severity::error, "log", done.error().message);
  lock.lock();
  closed_ = true;
  while (committing_ || (!queue_.empty() && !failed_)) committing_ ? wait_for_commit(lock) : commit_queue(lock);
  if (!failed_) to_sync_ = journal_->take_unsynced();
  sync(lock);
  if (failed_) return;
  journal_->seal();
  if (auto done = keeper_->mark_clean(); !done) log_line(Severity::error, "log", done.error().message);
}

void SqliteLog::wait_for_commit(Lock& lock) {
  ++waiters_;
  committed_.wait(lock);
  --waiters_;
}

}  // namespace weir::gateway
