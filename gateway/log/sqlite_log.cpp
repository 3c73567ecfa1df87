#include "log/sqlite_log.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log_line.h"
#include "log/members.h"
#include "log/vfs.h"

namespace weir::gateway {

namespace {

constexpr auto fold_wait_max = std::chrono::milliseconds(1000);  // longer: commits are refused

const Error closed{ErrorCode::unavailable, "the log is closed: the gateway is stopping"};
const Error queue_full{ErrorCode::full, "the log's queue is full: readings come in faster than the disk takes them"};
const Error too_late{ErrorCode::timed_out, "the log did not commit in time: the disk is slow or busy"};

}  // namespace

SqliteLog::SqliteLog(Opened opened, const LogOptions& options, const Clock& clock, Hooks hooks)
    : options_(options),
      clock_(clock),
      hooks_(std::move(hooks)),
      epoch_(opened.store->epoch()),
      vfs_(opened.store->vfs()),
      oldest_(opened.oldest),
      dictionary_(std::move(opened.dictionary)),
      boots_(std::move(opened.boots)),
      journal_(std::move(opened.journal)),
      commands_at_start_(opened.state.take_commands()),
      state_(std::move(opened.state)),
      writer_({*journal_, *dictionary_, state_, losses_, *boots_}, clock, opened.next_seq),
      clock_due_(clock.monotonic()),
      budget_(options.flash_budget_per_day) {
  tail_.start_at(opened.head);
  losses_.load(opened.losses);
  for (const auto& loss : opened.journal_losses) losses_.apply(loss);
  stats_.unclean_start = opened.unclean;
  stats_.replaced = opened.store->replaced();
  stats_.damaged_records = opened.damaged_records;
  if (const auto age = opened.store->age()) time_passed_ = age->wall;
  for (const auto& [name, consumer] : state_.consumers()) consumers_[name] = consumer.seq;
  keeper_ = std::make_unique<Keeper>(std::move(opened.store), *journal_, *dictionary_, *boots_, std::move(opened.losses), options,
                                     clock);
}

Result<std::unique_ptr<SqliteLog>> SqliteLog::start(Opened opened, const LogOptions& options, const Clock& clock, Hooks hooks) {
  std::unique_ptr<SqliteLog> log(new SqliteLog(std::move(opened), options, clock, std::move(hooks)));
  auto begun = log->begin();
  if (!begun) {
    log->closed_ = true;
    return begun.error();
  }
  return log;
}

Result<void> SqliteLog::begin() {
  auto oldest = keeper_->load(oldest_);
  if (!oldest) return oldest.error();
  oldest_ = *oldest;
  auto history = History::start(options_.file, vfs_, {*journal_, *dictionary_, *boots_, losses_}, options_.background);
  if (!history) return history.error();
  history_ = std::move(*history);
  note_consumers({});
  // Before anything is folded: that may have to drop something.
  keeper_->set_hooks({.failed = [this](const Error& error) { fail(error); },
                      .oldest = [this](std::uint64_t seq) { oldest_.store(seq, std::memory_order_release); },
                      .dropped = [this](const Dropped& what) { dropped(what); },
                      .intern = [this](const auto& series, const auto& units) { return intern(series, units); },
                      .salvaged = [this](const auto& file, auto taken, auto gone) { salvaged(file, taken, gone); },
                      .read = [this] { return read_by_consumers_.load(); }});
  while (!journal_->slot_free()) {
    if (auto folded = keeper_->fold_one(); !folded) return folded.error();
  }
  if (auto rolled = journal_->roll(writer_.next_seq(), clock_.wall()); !rolled) return rolled;
  part_begun_ = clock_.monotonic();
  keeper_->start(options_.background);
  if (stats_.damaged_records > 0) lost("damaged", stats_.damaged_records, time_passed_, clock_.wall());
  if (options_.background) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  return {};
}

SqliteLog::~SqliteLog() { close(); }

// --- Appending

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

void SqliteLog::record(Kind kind, std::string members) {
  const auto pending = std::make_shared<Pending>();
  pending->append.events.emplace_back(kind, Event{{}, {}, std::move(members)});
  pending->committed = [](const Result<Committed>&) {};
  std::lock_guard lock(mutex_);
  if (enqueue(pending)) wake_log_thread();
}

// --- Committing

void SqliteLog::commit_queue(Lock& lock) {
  committing_ = true;
  const auto batch = std::exchange(queue_, {});
  queued_weight_ = 0;
  work_waiting_ = false;
  lock.unlock();
  began_ = clock_.monotonic();
  const auto timer = next_timer();
  const auto outcome = commit(batch);
  run_timers();
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
  if (!to_sync_.empty() || next_timer() < timer) work_waiting_ = true;  // the log thread must not sleep so long
  if (work_waiting_) work_.notify_one();
}

Result<Writer::Outcome> SqliteLog::commit(const std::vector<PendingPtr>& batch) {
  auto outcome = write(batch);
  if (outcome) {
    for (const auto& pending : batch) note_consumers(pending->append.consumers);
    publish(outcome->block);
  } else if (outcome.error().code != ErrorCode::full) {
    fail(outcome.error());
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i]->committed) {
      batch[i]->committed(outcome ? Result<Committed>(outcome->committed[i]) : Result<Committed>(outcome.error()));
    }
  }
  return outcome;
}

Result<Writer::Outcome> SqliteLog::write(const std::vector<PendingPtr>& batch) {
  if (journal_->full()) {
    if (auto rolled = roll(); !rolled) return rolled.error();
  }
  std::vector<Append*> appends;
  appends.reserve(batch.size());
  for (const auto& pending : batch) appends.push_back(&pending->append);
  auto outcome = writer_.commit(appends, synchronised());
  if (!outcome) return outcome;
  if (options_.durability == Durability::bounded && !sync_due_) sync_due_ = clock_.monotonic() + sync_interval_.load();
  if (options_.durability == Durability::strict) {
    if (auto synced = sync_parts(journal_->take_unsynced()); !synced) return synced.error();
  }
  return outcome;
}

bool SqliteLog::synchronised() const { return options_.clock == ClockTrust::trusted || clock_.synchronised(time_passed_); }

/// The next part of the journal; the keeper gets the one before. Where folding can't keep up with what comes in, commits
/// wait for it.
Result<void> SqliteLog::roll() {
  if (!journal_->slot_free()) {
    keeper_->wake();
    (void)journal_->wait_for_slot(options_.background ? fold_wait_max : std::chrono::milliseconds(0));
  }
  auto rolled = journal_->roll(writer_.next_seq(), clock_.wall());
  part_begun_ = clock_.monotonic();
  keeper_->wake();
  return rolled;
}

void SqliteLog::publish(const BlockPtr& block) {
  if (!block) return;
  tail_.push(block);
  hooks_.on_commit();
}

void SqliteLog::note_consumers(const std::vector<ConsumerMark>& marks) {
  for (const auto& consumer : marks) {
    if (consumer.forget) {
      consumers_.erase(consumer.name);
    } else {
      consumers_[consumer.name] = consumer.seq;
    }
  }
  auto read = ~std::uint64_t{0};
  for (const auto& [name, seq] : consumers_) read = std::min(read, seq);
  read_by_consumers_ = read;
}

// After a failed write or sync nobody knows what is on the disk: nothing more is acknowledged, and the process ends.
void SqliteLog::fail(const Error& error) {
  {
    std::lock_guard lock(mutex_);
    if (failed_) return;
    failed_ = Error{ErrorCode::io, error.message};
    wake_log_thread();
  }
  log_line(Severity::error, "log", error.message + "; nothing more is acknowledged, the gateway stops");
  hooks_.on_fatal(error);
}

// --- Reading

void SqliteLog::read(std::uint64_t after, std::size_t records_max, std::function<void(Result<BlockPtr>)> done) {
  history_->read(after, records_max, std::move(done));
}

void SqliteLog::find_time(Timestamp time, std::function<void(Result<std::uint64_t>)> done) {
  history_->find_time(time, [this, done = std::move(done)](Result<std::uint64_t> found) {
    if (!found || *found != History::no_such_time) return done(std::move(found));
    done(head());
  });
}

void SqliteLog::history(HistoryQuery query, std::function<void(Result<HistoryAnswer>)> done) {
  history_->ask(std::move(query), std::move(done));
}

std::vector<Record> SqliteLog::newest() const {
  auto records = state_.newest();
  std::erase_if(records, [](const Record& record) { return record.seq == 0; });
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) { return a.seq < b.seq; });
  return records;
}

std::vector<DeviceRow> SqliteLog::devices() const {
  std::vector<DeviceRow> rows;
  for (const auto& [name, device] : state_.devices()) rows.push_back({name, device.state, device.reader, device.last_seen});
  return rows;
}

std::vector<ConsumerMark> SqliteLog::consumers() const {
  std::vector<ConsumerMark> marks;
  for (const auto& [name, consumer] : state_.consumers()) marks.push_back(consumer);
  return marks;
}

LogStats SqliteLog::stats() const {
  std::lock_guard lock(mutex_);
  auto stats = stats_;
  stats.head = head();
  stats.oldest = oldest();
  stats.queued_readings = queued_weight_;
  stats.series = dictionary_->series_count();
  const auto& kept = keeper_->stats();
  stats.folded_records = kept.folded_records;
  stats.folded_bytes = kept.folded_bytes;
  stats.space_short = kept.space_short;
  stats.aside_bytes = kept.aside_bytes;
  stats.damaged_records += history_->damaged_rows();
  stats.database_bytes = keeper_->database_bytes();
  stats.journal_bytes = journal_->bytes_on_disk();
  stats.bytes = stats.database_bytes + stats.journal_bytes + stats.aside_bytes;
  const auto& disk = disk_counters(vfs_);
  stats.written_bytes = disk.written_bytes;
  stats.syncs = disk.syncs;
  stats.written_bytes_per_day = budget_.bytes_per_day();
  stats.flash_budget_per_day = options_.flash_budget_per_day;
  stats.sync_interval = options_.durability == Durability::bounded ? budget_.interval() : std::chrono::milliseconds(0);
  stats.clock_synchronised = synchronised();
  return stats;
}

}  // namespace weir::gateway
