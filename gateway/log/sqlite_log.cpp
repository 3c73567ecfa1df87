#include "log/sqlite_log.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log_line.h"
#include "log/members.h"

namespace weir::gateway {

namespace {

// A sync is due this long after the first commit that is not synced: with the sync itself, under `bounded`'s second.
constexpr auto sync_interval = std::chrono::milliseconds(800);
constexpr auto maintenance_interval = std::chrono::seconds(1);

/// At the start: what could not be read is told, and the log goes on without it.
template <class T>
std::vector<T> or_empty(Result<std::vector<T>> loaded) {
  if (loaded) return std::move(*loaded);
  log_line(Severity::error, "log", loaded.error().message);
  return {};
}

const Error closed{ErrorCode::unavailable, "the log is closed: the gateway is stopping"};
const Error queue_full{ErrorCode::full, "the log's queue is full: readings come in faster than the disk takes them"};
const Error too_late{ErrorCode::timed_out, "the log did not commit in time: the disk is slow or busy"};

}  // namespace

SqliteLog::SqliteLog(std::unique_ptr<Store> store, std::unique_ptr<History> history, const LogOptions& options,
                     const Clock& clock, Hooks hooks)
    : options_(options),
      clock_(clock),
      hooks_(std::move(hooks)),
      epoch_(store->epoch()),
      oldest_(store->oldest()),
      store_(std::move(store)),
      writer_(*store_, clock),
      maintenance_due_(clock.monotonic() + maintenance_interval),
      history_(std::move(history)) {
  tail_.start_at(store_->head());
  stats_.unclean_start = store_->unclean();
  stats_.replaced = store_->replaced();
  for (const auto& consumer : consumers()) consumers_[consumer.name] = consumer.seq;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

SqliteLog::~SqliteLog() { close(); }

Result<Committed> SqliteLog::append_and_wait(Append&& append, std::chrono::milliseconds deadline) {
  const auto pending = std::make_shared<Pending>(Pending{.append = std::move(append)});
  const auto until = std::chrono::steady_clock::now() + deadline;
  Lock lock(mutex_);
  if (auto queued = enqueue(pending); !queued) return queued.error();
  while (!pending->outcome) {
    if (!committing_) {
      commit_queue(lock);
      continue;
    }
    ++waiters_;
    const auto status = committed_.wait_until(lock, until);
    --waiters_;
    if (status == std::cv_status::timeout && !pending->outcome) return too_late;
  }
  return *pending->outcome;
}

Result<void> SqliteLog::append(Append&& append, CommitHandler committed) {
  const auto pending = std::make_shared<Pending>(Pending{.append = std::move(append), .committed = std::move(committed)});
  std::lock_guard lock(mutex_);
  if (auto queued = enqueue(pending); !queued) return queued;
  wake_log_thread();
  return {};
}

Result<void> SqliteLog::enqueue(const PendingPtr& pending) {
  if (failed_) return *failed_;
  if (closed_) return closed;
  const auto& delivery = pending->append.delivery;
  pending->weight = 1 + delivery.readings.size() + delivery.losses.size();
  if (queued_weight_ > 0 && queued_weight_ + pending->weight > limits::log_queue_readings_max) {
    ++stats_.refused;
    return queue_full;
  }
  queued_weight_ += pending->weight;
  queue_.push_back(pending);
  return {};
}

void SqliteLog::wake_log_thread() {
  work_waiting_ = true;
  work_.notify_one();
}

void SqliteLog::commit_queue(Lock& lock) {
  committing_ = true;
  const auto batch = std::exchange(queue_, {});
  queued_weight_ = 0;
  work_waiting_ = false;
  lock.unlock();
  began_ = clock_.monotonic();
  const auto timer = next_timer();
  const auto outcome = commit(batch);
  tend();
  lock.lock();
  committing_ = false;
  stats_.commit_longest = std::max<std::chrono::nanoseconds>(stats_.commit_longest, clock_.monotonic() - began_);
  if (outcome) {
    ++stats_.commits;
    if (outcome->block) stats_.records += outcome->block->records.size();
  }
  stats_.losses = writer_.losses();
  stats_.duplicates = writer_.duplicates();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i]->committed)
      batch[i]->outcome = outcome ? Result<Committed>(outcome->committed[i]) : Result<Committed>(outcome.error());
  }
  if (waiters_ > 0) committed_.notify_all();
  if (next_timer() < timer) work_waiting_ = true;  // the log thread must sleep less long
  if (work_waiting_) work_.notify_one();
}

Result<Writer::Outcome> SqliteLog::commit(const std::vector<PendingPtr>& batch) {
  std::vector<Append*> appends;
  appends.reserve(batch.size());
  for (const auto& pending : batch) appends.push_back(&pending->append);
  auto outcome = writer_.commit(appends);
  if (outcome) {
    if (!sync_due_ && options_.durability == Durability::bounded) sync_due_ = clock_.monotonic() + sync_interval;
    for (const auto* append : appends) note_consumers(*append);
    publish(outcome->block);
    if (store_->partition_full()) maintenance_due_ = began_;
  } else if (outcome.error().code == ErrorCode::full) {
    space_needed_ = true;
    maintenance_due_ = began_;
  } else if (outcome.error().code == ErrorCode::io || outcome.error().code == ErrorCode::invalid) {
    fail(outcome.error());
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i]->committed) {
      batch[i]->committed(outcome ? Result<Committed>(outcome->committed[i]) : Result<Committed>(outcome.error()));
    }
  }
  return outcome;
}

void SqliteLog::publish(const BlockPtr& block) {
  if (!block) return;
  tail_.push(block);
  hooks_.on_commit();
}

void SqliteLog::note_consumers(const Append& append) {
  for (const auto& consumer : append.consumers) {
    if (consumer.forget) {
      consumers_.erase(consumer.name);
    } else {
      consumers_[consumer.name] = consumer.seq;
    }
  }
}

// After a failed write or sync nobody knows what is on the disk: nothing more is acknowledged, and the process ends.
void SqliteLog::fail(const Error& error) {
  {
    std::lock_guard lock(mutex_);
    if (failed_) return;
    failed_ = Error{ErrorCode::io, error.message};
  }
  log_line(Severity::error, "log", error.message + "; nothing more is acknowledged, the gateway stops");
  hooks_.on_fatal(error);
}

void SqliteLog::run(const std::stop_token& stop) {
  std::stop_callback wake(stop, [this] {
    std::lock_guard lock(mutex_);
    wake_log_thread();
  });
  Lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (committing_) {
      ++waiters_;
      committed_.wait(lock);
      --waiters_;
      continue;
    }
    if (failed_) return;
    const auto due = next_timer();
    if (due <= clock_.monotonic()) {
      run_timers(lock);
    } else if (!queue_.empty()) {
      commit_queue(lock);
    } else {
      work_waiting_ = false;
      work_.wait_for(lock, due - clock_.monotonic(), [this] { return work_waiting_; });
    }
  }
}

Monotonic SqliteLog::next_timer() const {
  auto next = maintenance_due_;
  for (const auto& due : {sync_due_, writer_.next_loss()}) {
    if (due) next = std::min(next, *due);
  }
  return next;
}

void SqliteLog::run_timers(Lock& lock) {
  if (writer_.losses_due()) return commit_queue(lock);
  committing_ = true;
  lock.unlock();
  tend();
  lock.lock();
  committing_ = false;
  if (waiters_ > 0) committed_.notify_all();
}

// With every commit, not only when the log thread has its turn: whoever commits in a loop must not put it off.
void SqliteLog::tend() {
  const auto now = clock_.monotonic();
  Result<void> done;
  if (sync_due_ && *sync_due_ <= now) {
    done = store_->database().sync_wal();
    sync_due_.reset();
  }
  if (done && maintenance_due_ <= now) {
    done = maintain();
    maintenance_due_ = now + maintenance_interval;
  }
  if (!done && done.error().code != ErrorCode::unavailable && done.error().code != ErrorCode::full) fail(done.error());
}

Result<void> SqliteLog::maintain() {
  const auto now = clock_.wall();
  if (std::exchange(space_needed_, false) && store_->partitions().size() > 1) {
    if (auto done = drop_oldest(); !done) return done;
  }
  if (store_->roll_due(now)) {
    if (auto done = store_->roll(now); !done) return done;
  }
  if (auto done = store_->measure(); !done) return done;
  while (store_->size_drop_due() || (store_->age_drop_due(now) && !wanted(store_->partitions()[1].first_seq - 1))) {
    if (auto done = drop_oldest(); !done) return done;
  }
  return {};
}

/// Whether a durable consumer has not yet acknowledged up to `seq`.
bool SqliteLog::wanted(std::uint64_t seq) const {
  return std::any_of(consumers_.begin(), consumers_.end(), [seq](const auto& consumer) { return consumer.second < seq; });
}

Result<void> SqliteLog::drop_oldest() {
  const auto& partitions = store_->partitions();
  const auto from = partitions[0].first_seq;
  const auto to = partitions[1].first_seq;
  const auto first = partitions[0].begun;
  const auto last = partitions[0].newest;
  // Readers of the tail and of history may meet the partition until it is gone; they must not meet it afterwards.
  oldest_.store(to, std::memory_order_release);
  if (auto done = store_->drop_oldest(); !done) return done;
  MembersWriter members;
  members.text("where", "log").text("reason", "expired").number("count", to - from).time("first", first).time("last", last);
  const auto pending = std::make_shared<Pending>();
  pending->append.events.emplace_back(Kind::loss, Event{{}, {}, members.take()});
  pending->committed = [](const Result<Committed>&) {};
  std::lock_guard lock(mutex_);
  stats_.dropped_records += to - from;
  if (!enqueue(pending)) return {};  // the queue is full: the drop is still in dropped_records
  wake_log_thread();
  return {};
}

void SqliteLog::read(std::uint64_t after, std::size_t records_max, std::function<void(Result<BlockPtr>)> done) {
  history_->read(after, records_max, std::move(done));
}

void SqliteLog::find_time(Timestamp time, std::function<void(Result<std::uint64_t>)> done) {
  history_->find_time(time, [this, done = std::move(done)](Result<std::uint64_t> found) {
    if (!found || *found != History::no_such_time) return done(std::move(found));
    done(head());
  });
}

void SqliteLog::history(HistoryQuery, std::function<void(Result<HistoryAnswer>)> done) {
  done(Error{ErrorCode::unavailable, "history is not there yet"});
}

std::vector<LossEntry> SqliteLog::losses() const { return {}; }

std::vector<Record> SqliteLog::newest() const {
  auto records = store_->state().newest();
  std::erase_if(records, [](const Record& record) { return record.seq == 0; });
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) { return a.seq < b.seq; });
  return records;
}

std::vector<DeviceRow> SqliteLog::devices() const {
  std::vector<DeviceRow> rows;
  for (const auto& [name, device] : store_->state().devices())
    rows.push_back({name, device.state, device.reader, device.last_seen});
  return rows;
}

std::vector<CommandStatus> SqliteLog::commands() const { return or_empty(store_->load_commands()); }

std::vector<ConsumerMark> SqliteLog::consumers() const { return or_empty(store_->load_consumers()); }

LogStats SqliteLog::stats() const {
  std::lock_guard lock(mutex_);
  auto stats = stats_;
  stats.head = head();
  stats.oldest = oldest();
  stats.queued_readings = queued_weight_;
  stats.series = store_->dictionary().series_count();
  stats.bytes = store_->bytes_used();
  return stats;
}

void SqliteLog::close() {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
  }
  thread_.request_stop();
  thread_.join();
  Lock lock(mutex_);
  closed_ = true;
  committed_.wait(lock, [this] { return !committing_; });
  if (!queue_.empty() && !failed_) commit_queue(lock);
  if (failed_) return;
  if (auto done = store_->mark_clean(); !done) log_line(Severity::error, "log", done.error().message);
}

}  // namespace weir::gateway
