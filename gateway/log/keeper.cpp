#include "log/keeper.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/log_line.h"
#include "log/aside.h"

namespace weir::gateway {

namespace {

constexpr auto round_interval = std::chrono::seconds(1);
constexpr int low_priority = 10;
// While a log is stopped its records grow older by the wall clock, but no more than this unless NTP has set it: a clock
// that jumps by years must not let the whole log expire.
constexpr std::chrono::nanoseconds unproven_gap_max = std::chrono::hours(24);

std::chrono::nanoseconds age_of_partition(std::chrono::nanoseconds age_max) {
  return std::clamp<std::chrono::nanoseconds>(age_max / 30, std::chrono::minutes(1), std::chrono::hours(24));
}

}  // namespace

Keeper::Keeper(std::unique_ptr<Store> store, Journal& journal, Dictionary& dictionary, Boots& boots,
               std::vector<LossTotals::Row> losses, const LogOptions& options, const Clock& clock)
    : options_(options),
      clock_(clock),
      store_(std::move(store)),
      journal_(journal),
      dictionary_(dictionary),
      boots_(boots),
      partition_age_max_(age_of_partition(options.age_max)),
      started_(clock.monotonic()) {
  losses_.load(std::move(losses));
}

Keeper::~Keeper() = default;

Result<std::uint64_t> Keeper::load(std::uint64_t otherwise) {
  auto partitions = load_partitions(store_->database());
  if (!partitions) return partitions.error();
  partitions_ = std::move(*partitions);
  auto age = store_->age();
  if (!age) return age.error();
  age_at_start_ = age->age;
  wall_at_stop_ = age->wall;
  std::error_code ignored;
  ballast_there_ = std::filesystem::exists(store_->ballast_file(), ignored);
  for (const auto& partition : partitions_) {
    if (!partition.salvaged && !partition.thinned) return partition.first_seq;
  }
  return otherwise;
}

void Keeper::start(bool threaded) {
  if (threaded) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Keeper::wake() {
  std::lock_guard lock(mutex_);
  woken_ = true;
  waiting_.notify_one();
}

void Keeper::run(const std::stop_token& stop) {
  setpriority(PRIO_PROCESS, 0, low_priority);  // of this thread, on Linux
  while (!stop.stop_requested()) {
    if (auto done = round(); !done) return hooks_.failed(done.error());
    std::unique_lock lock(mutex_);
    waiting_.wait_for(lock, stop, round_interval, [this] { return woken_; });
    woken_ = false;
  }
}

/// What has no room now is tried again in the next round.
Result<void> Keeper::round() {
  for (auto step :
       {&Keeper::set_boot_time, &Keeper::fold_all, &Keeper::close_one, &Keeper::keep_age, &Keeper::tend_disk, &Keeper::salvage}) {
    auto done = (this->*step)();
    if (done) continue;
    if (done.error().code == ErrorCode::invalid) store_->mark_damaged();
    if (done.error().code == ErrorCode::full) {
      if (!stats_.space_short.exchange(true)) log_line(Severity::warning, "log", done.error().message + "; it is tried again");
      return {};
    }
    if (done.error().code != ErrorCode::unavailable) return done;
  }
  stats_.space_short = false;
  return {};
}

Result<void> Keeper::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  return fold_all();
}

// --- Folding

Result<void> Keeper::fold_all() {
  for (;;) {
    auto folded = fold_one();
    if (!folded) return folded.error();
    if (!*folded) return {};
  }
}

Result<bool> Keeper::fold_one() {
  const auto part = journal_.oldest_sealed();
  if (!part) return false;
  if (!folded_) {
    auto folded = fold(part, dictionary_, boots_.complete(dictionary_.names()), losses_);
    if (!folded) return folded.error();
    folded_ = std::move(*folded);
  }
  if (auto done = install_folded(*folded_); !done) return done.error();
  stats_.folded_records += folded_->records;
  stats_.folded_bytes += folded_->bytes;
  folded_.reset();
  journal_.release(part);
  return true;
}

Result<void> Keeper::install_folded(Folded& folded) {
  for (bool relieved = false;; relieved = true) {
    // The rows, the tables beside them, and what the freed pages of a dropped partition do not give at once.
    auto done = store_->limit_pages(stats_.aside_bytes);
    if (done) done = keep_size(2 * folded.bytes + 64 * page_bytes);
    if (done) done = install_once(folded);
    if (done || done.error().code != ErrorCode::full || relieved) return done;
    if (auto room = relieve(folded.bytes + 64 * page_bytes); !room) return room;
  }
}

Result<void> Keeper::install_once(Folded& folded) {
  bool fresh = false;
  auto target = partition_for(folded, fresh);
  if (auto done = try_install(folded, target, fresh); !done) return done;
  if (folded.segments.empty()) return {};
  if (fresh) partitions_.push_back(target);
  partitions_.back() = target;
  return {};
}

Partition Keeper::partition_for(const Folded& folded, bool& fresh) const {
  if (!partitions_.empty() && !partitions_.back().salvaged) {
    const auto& open = partitions_.back();
    const bool full = open.bytes >= store_->shares().partition || age() - open.begun_age >= partition_age_max_;
    if (!full && !open.closed && !open.thinned) return open;
  }
  fresh = true;
  Partition partition;
  for (const auto& p : partitions_) partition.id = std::max(partition.id, p.id);
  ++partition.id;
  if (!folded.segments.empty()) partition.first_seq = folded.segments.front().first_seq;
  // The wrong way round: the first readings set them.
  partition.oldest_time = Timestamp::max();
  partition.newest_time = partition.newest_received = Timestamp::min();
  partition.begun_age = age();
  return partition;
}

void Keeper::add_to(Partition& partition, const Folded& folded) const {
  partition.last_seq = folded.last_seq;
  partition.oldest_time = std::min(partition.oldest_time, folded.oldest_time);
  partition.newest_time = std::max(partition.newest_time, folded.newest_time);
  partition.newest_received = std::max(partition.newest_received, folded.newest_received);
  partition.records += folded.records;
  partition.bytes += folded.bytes;
  partition.ended_age = age();
}

Result<void> Keeper::try_install(Folded& folded, Partition& target, bool fresh) {
  auto& database = store_->database();
  auto transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  if (!folded.segments.empty()) {
    add_to(target, folded);
    if (auto done = fresh ? make_chunk_table(database, target.id) : Result<void>(); !done) return done;
    if (auto done = fresh ? insert_partition(database, target) : update_partition(database, target); !done) return done;
    if (folded.unset_boot) {
      if (auto done = store_->note_unset_boot(target.id); !done) return done;
    }
  }
  if (auto done = install(database, folded, target.id, target.first_seq, dictionary_); !done) return done;
  if (auto done = store_->prune(); !done) return done;
  if (auto done = store_->set_age({age(), clock_.wall()}); !done) return done;
  return transaction->commit();
}

/// All but the newest partition are done: their rollups are made, one a round.
Result<void> Keeper::close_one() {
  for (std::size_t i = 0; i + 1 < partitions_.size(); ++i) {
    auto& partition = partitions_[i];
    if (!partition.closed && !partition.thinned)
      return close_partition(store_->database(), partition, boots_.complete(dictionary_.names()));
  }
  return {};
}

/// One partition of a damaged log a round.
Result<void> Keeper::salvage() {
  if (!salvage_) return find_salvage();
  if (!salvage_named_) {
    if (auto done = salvage_->name(hooks_.intern); !done) return done;
    if (auto done = fold_all(); !done) return done;
    salvage_named_ = true;
  }
  std::int64_t id = -1;
  for (const auto& partition : partitions_) id = std::min(id, partition.id - 1);
  auto made = salvage_->next(id);
  if (!made) return made.error();
  if (auto done = store_->note_salvage(salvage_file_, salvage_->progress(), *made); !done) return done;
  if (*made) {
    (*made)->ended_age = age();
    const auto own = std::find_if(partitions_.begin(), partitions_.end(), [](const Partition& p) { return !p.salvaged; });
    partitions_.insert(own, **made);
    return {};
  }
  hooks_.salvaged(salvage_file_, salvage_->salvaged(), salvage_->lost());
  salvage_.reset();
  return {};
}

Result<void> Keeper::find_salvage() {
  for (const auto& aside : asides(store_->file())) {
    auto progress = store_->salvage_progress(aside);
    if (!progress) return progress.error();
    if (*progress == Store::salvage_done) continue;
    auto opened = Salvage::open(aside, store_->vfs(), store_->database(), dictionary_);
    salvage_file_ = aside;
    salvage_named_ = false;
    if (opened) {
      salvage_ = std::move(*opened);
      salvage_->resume(*progress);
      return {};
    }
    log_line(Severity::warning, "log", aside.string() + ": nothing of it can be salvaged: " + opened.error().message);
    hooks_.salvaged(aside, 0, 0);
    return store_->note_salvage(aside, 0, std::nullopt);
  }
  return {};
}

/// Once, when the clock is set.
Result<void> Keeper::set_boot_time() {
  const bool set = options_.clock == ClockTrust::trusted || clock_.synchronised(wall_at_stop_);
  if (!set || boots_.zero(boots_.current())) return {};
  const auto zero = std::chrono::floor<std::chrono::milliseconds>(clock_.wall()) - since_boot(clock_.monotonic());
  if (auto done = store_->set_boot_time(zero); !done) return done;
  boots_.set_zero(zero);
  for (auto& partition : partitions_) partition.closed &= partition.thinned || partition.salvaged;
  return {};
}

// --- The log's own clock of ages: it never jumps

std::chrono::nanoseconds Keeper::age() const { return age_at_start_ + (clock_.monotonic() - started_); }

Result<void> Keeper::keep_age() {
  if (const bool ntp = clock_.source() == ClockSource::ntp; !gap_added_ && (ntp || clock_.synchronised(wall_at_stop_))) {
    gap_added_ = true;
    const auto gap = clock_.wall() - (clock_.monotonic() - started_) - wall_at_stop_;
    const bool known = wall_at_stop_ != Timestamp() && gap.count() > 0;
    if (known) age_at_start_ += ntp ? gap : std::min(gap, unproven_gap_max);
  }
  while (!partitions_.empty() && age() - partitions_.front().ended_age > options_.age_max && read_by_all(partitions_.front())) {
    if (auto done = drop(partitions_.begin()); !done) return done;
  }
  return {};
}

}  // namespace weir::gateway
