// Reading on: from the tail, from a block that was fed, over what is gone; and the two ways to merge.
#include "stream/subscription_impl.h"

namespace weir::gateway {
namespace {

using Stop = std::optional<Subscription::Next>;

/// What one look at the tail is asked for.
constexpr std::size_t records_per_read = 4096;
/// A log that neither has a record nor says that it dropped it is asked again after this.
constexpr std::chrono::seconds cold_retry{1};

struct Range {
  std::size_t from, to;  // indexes, `to` excluded
};

/// The first record after `after`. Numbers are consecutive, but for a block from disk that spans a restart after a power cut.
std::size_t index_after(const Block& block, std::uint64_t after) {
  const auto& records = block.records;
  if (after < block.first()) return 0;
  if (after >= block.last()) return records.size();
  if (block.last() - block.first() == records.size() - 1) return after - block.first() + 1;
  const auto next = std::upper_bound(records.begin(), records.end(), after,
                                     [](std::uint64_t seq, const Record& record) { return seq < record.seq; });
  return static_cast<std::size_t>(next - records.begin());
}

Range range_of(const Block& block, std::uint64_t after, std::uint64_t last) {
  return {index_after(block, after), index_after(block, last)};
}

}  // namespace

Stop Subscription::Impl::read_on(Pull& pull) {
  if (cold_) return take_cold(pull);
  std::vector<BlockPtr>& blocks = encoded_.scratch_blocks();
  const bool cold = log_.read_tail(position_, records_per_read, blocks) == Log::TailRead::cold;
  Stop stop = cold ? behind_the_tail(pull) : blocks.empty() ? Stop(Next::caught_up) : Stop();
  for (const auto& block : blocks) {
    if (stop || cold || (shape_ && shape_->gather.sealed()) || at_end()) break;
    stop = take(pull, block, true);
  }
  blocks.clear();  // not to keep what the tail lets go
  return stop;
}

Stop Subscription::Impl::take_cold(Pull& pull) {
  const BlockPtr block = cold_;
  if (block->first() > position_ + 1 && log_.oldest() > position_ + 1) {
    pass_dropped(pull, block->first());
    return {};
  }
  const Stop stop = block->last() > position_ ? take(pull, block, false) : Stop();
  if (position_ >= block->last()) cold_.reset();
  return stop;
}

Stop Subscription::Impl::behind_the_tail(Pull& pull) {
  const std::uint64_t oldest = log_.oldest();
  if (oldest > position_ + 1) {
    pass_dropped(pull, oldest);
    return {};
  }
  if (jump_to_latest(pull)) return {};
  if (latest_when_behind() && !gathers()) shape_->merge_to = log_.head();
  if (pull.used_up()) return Next::more;
  if (std::exchange(cold_was_empty_, false)) return wait_until(pull.now + cold_retry);
  return Next::cold;
}

/// What is gathered comes before the gap, and so must go first.
void Subscription::Impl::pass_dropped(Pull& pull, std::uint64_t first_held) {
  if (!nothing_gathered()) return seal(pull.now);
  const Gap gap{{epoch_, position_}, {epoch_, first_held - 1}, first_held - 1 - position_, "expired"};
  position_ = first_held - 1;
  settle();
  send_gap(pull, gap);
}

Stop Subscription::Impl::take(Pull& pull, const BlockPtr& block, bool shared) {
  const auto merge_to = shape_ ? shape_->merge_to : 0;
  const std::uint64_t last = std::min({block->last(), end_, merge_to != 0 ? merge_to : end_});
  const auto [from, to] = range_of(*block, position_, last);
  if (!gathers()) {
    if (const Stop stop = send_matching(pull, block, shared, from, to)) return stop;
  } else if (!gather_matching(pull, *block, from, to)) {
    return {};
  }
  position_ = std::max(position_, last);
  if (merge_to != 0 && position_ >= merge_to) seal(pull.now);
  settle();
  return {};
}

Stop Subscription::Impl::send_matching(Pull& pull, const BlockPtr& block, bool shared, std::size_t from, std::size_t to) {
  EncodedBlock* texts = nullptr;
  for (std::size_t i = from; i < to; ++i) {
    const Record& record = block->records[i];
    if (!filter_.matches(record)) continue;
    if (const Stop stop = refused(pull)) {
      position_ = delivered_ = record.seq - 1;
      return stop;
    }
    const Marks marks = marks_of(record);
    if (shared && marks.empty()) {
      if (texts == nullptr) texts = &encoded_.of(block, pull.sink.format());
      send(pull, record, texts->text(i), record.seq);
    } else {
      send_own(pull, record, marks, record.seq);
    }
  }
  return {};
}

/// False where the gathered set was closed before the end.
bool Subscription::Impl::gather_matching(const Pull& pull, const Block& block, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    const Record& record = block.records[i];
    if (!filter_.matches(record)) continue;
    if (closes_window(record) || shape_->gather.full()) {
      position_ = record.seq - 1;
      seal(pull.now);
      return false;
    }
    shape_->gather.add(record);
  }
  return true;
}

/// In a backlog D counts in the log's time. At the head the clock closes the window before.
bool Subscription::Impl::closes_window(const Record& record) const {
  const auto& query = shape_->query;
  const auto& gather = shape_->gather;
  if (query.every.count() == 0 || query.latest_when_behind || gather.empty()) return false;
  return record.received - gather.opened() >= query.every;
}

void Subscription::Impl::seal(Monotonic now) {
  shape_->gather.seal();
  shape_->window_due = now + shape_->query.every;
}

// --- lag=latest

void Subscription::Impl::merge_when_behind(const Pull& pull) {
  if (!latest_when_behind() || gathers() || cold_) return;
  if (more_matching_than(std::min(pull.capacity(), shape_->rate.portion()))) shape_->merge_to = log_.head();
}

bool Subscription::Impl::more_matching_than(std::size_t count) {
  if (log_.head() - position_ <= count) return false;
  std::uint64_t at = position_;
  std::size_t found = 0;
  std::vector<BlockPtr>& blocks = encoded_.scratch_blocks();
  while (found <= count && at < std::min(end_, log_.head())) {
    const bool cold = log_.read_tail(at, records_per_read, blocks) == Log::TailRead::cold;
    if (cold || blocks.empty()) break;
    for (const auto& block : blocks) {
      const auto [from, to] = range_of(*block, at, end_);
      for (std::size_t i = from; i < to; ++i) found += filter_.matches(block->records[i]) ? 1 : 0;
      at = block->last();
    }
  }
  blocks.clear();
  return found > count;
}

/// Over the disk: the newest readings are in memory.
bool Subscription::Impl::jump_to_latest(const Pull& pull) {
  const bool may = latest_when_behind() && !filter_.wants_events() && !shape_->query.until;
  if (!may || latest_.applied() <= position_) return false;
  for (const Record* newest : latest_.snapshot(filter_, position_)) {
    shape_->gather.add(*newest, latest_.previous(newest->series->id) > position_ ? 1 : 0);
  }
  position_ = latest_.applied();
  shape_->merge_to = 0;
  settle();
  if (shape_->query.every.count() == 0) seal(pull.now);
  return true;
}

}  // namespace weir::gateway
