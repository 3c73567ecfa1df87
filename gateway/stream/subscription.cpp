#include "stream/subscription.h"

#include <cassert>

#include "stream/subscription_impl.h"

namespace weir::gateway {

using Stop = std::optional<Subscription::Next>;

// --- Where it begins

Subscription::Impl::Impl(const Log& log, const Latest& latest, EncodedBlocks& encoded, StreamQuery&& query, bool pages)
    : log_(log), latest_(latest), encoded_(encoded), filter_(query.filter), flush_(query.flush), epoch_(log.epoch()) {
  if (query.until) end_ = query.until->epoch == epoch_ ? query.until->seq : 0;
  shape_ = std::make_unique<Shape>(std::move(query), pages);
}

bool Subscription::Impl::shapes(const StreamQuery& query) {
  return query.every.count() > 0 || query.latest_when_behind || query.rate > 0 || !query.consumer.empty() || query.until;
}

void Subscription::Impl::start(std::optional<std::uint64_t> consumer_seq) {
  const auto& query = shape_->query;
  assert(query.start != Start::time);
  const bool anywhere = query.start == Start::standard || query.start == Start::now;
  if (query.start == Start::cursor) {
    start_at(query.after);
  } else if (query.start == Start::standard && consumer_seq) {
    start_at({epoch_, *consumer_seq});
  } else if (anywhere && query.snapshot) {
    take_snapshot();
  } else if (query.start == Start::now || (anywhere && !pages())) {
    position_ = log_.head();
  } else {
    position_ = log_.oldest() - 1;
  }
  const auto& snapshot = shape_->snapshot;
  delivered_ = snapshot.empty() ? position_ : snapshot.front().seq - 1;
  if (!query.consumer.empty()) remember_times();
  if (snapshot.empty()) drop_shape();
}

/// What began in its own way may be like the others from here on.
void Subscription::Impl::drop_shape() {
  if (!shape_->pages && !shapes(shape_->query)) shape_.reset();
}

void Subscription::Impl::start_at(Cursor cursor) {
  const std::uint64_t head = log_.head();
  const std::uint64_t dropped = log_.oldest() - 1;
  position_ = cursor.seq;
  if (cursor.epoch != epoch_) {
    position_ = dropped;
    gap_ = std::make_unique<Gap>(Gap{cursor, {epoch_, position_}, 0, "epoch"});
  } else if (cursor.seq > head) {
    position_ = head;
    gap_ = std::make_unique<Gap>(Gap{cursor, {epoch_, position_}, 0, "epoch"});
  } else if (cursor.seq < dropped) {
    position_ = dropped;
    gap_ = std::make_unique<Gap>(Gap{cursor, {epoch_, position_}, dropped - cursor.seq, "expired"});
  }
}

void Subscription::Impl::take_snapshot() {
  position_ = latest_.applied();
  for (const Record* record : latest_.snapshot(filter_)) shape_->snapshot.push_back({record->seq, record->series->id});
}

/// What a consumer that goes on from its cursor has had of each series, as far as that is the newest there is.
void Subscription::Impl::remember_times() {
  auto& had = shape_->had;
  had.assign(latest_.series_count(), Timestamp::min());
  for (std::uint32_t id = 0; id < had.size(); ++id) {
    const Record* newest = latest_.newest(id);
    if (newest != nullptr && newest->seq <= delivered_) had[id] = newest->time;
  }
}

// --- The steps of a pull

Subscription::Next Subscription::Impl::pull(RecordSink& sink, std::size_t bytes_budget, std::size_t records_budget,
                                            Monotonic now) {
  Pull pull{sink, bytes_budget, records_budget, now};
  wake_at_ = never;
  if (gap_) send_gap(pull, *std::exchange(gap_, nullptr));
  if (shape_) {
    if (const Stop stop = send_snapshot(pull)) return *stop;
  }
  if (shape_) merge_when_behind(pull);
  for (;;) {
    if (shape_) {
      if (const Stop stop = send_gathered(pull)) return *stop;
    }
    if (at_end() || position_ >= log_.head()) {
      if (const Stop stop = at_the_head(pull)) return *stop;
      continue;
    }
    if (const Stop stop = wait_for_flush(pull)) return *stop;
    if (const Stop stop = read_on(pull)) return *stop;
  }
}

Stop Subscription::Impl::send_snapshot(Pull& pull) {
  auto& snapshot = shape_->snapshot;
  auto& next = shape_->snapshot_next;
  for (; next < snapshot.size(); ++next) {
    const Shape::Due due = snapshot[next];
    const Record& newest = *latest_.newest(due.series);
    const bool comes_live = newest.seq != due.seq && newest.seq <= end_;
    if (comes_live) continue;
    if (const Stop stop = refused(pull)) return stop;
    send_own(pull, newest, marks_of(newest), due.seq);
    delivered_ = due.seq;
  }
  if (snapshot.empty()) return {};
  snapshot = {};
  delivered_ = position_;
  shape_->window_due = pull.now + shape_->query.every;
  drop_shape();
  return {};
}

Stop Subscription::Impl::send_gathered(Pull& pull) {
  auto& gather = shape_->gather;
  while (gather.sealed()) {
    if (const Stop stop = refused(pull)) return stop;
    const Gather::Item& item = gather.front();
    Marks marks = marks_of(item.record);
    marks.merged = item.merged;
    send_own(pull, item.record, marks, item.record.seq);
    delivered_ = item.record.seq;
    gather.pop();
    settle();
  }
  if (position_ >= shape_->merge_to) shape_->merge_to = 0;
  return {};
}

/// Nothing more to read: what is gathered goes when its time has come.
Stop Subscription::Impl::at_the_head(const Pull& pull) {
  settle();
  if (nothing_gathered()) {
    flush_due_ = never;
    return at_end() ? Next::ended : Next::caught_up;
  }
  if (!shape_->pages && !at_end() && pull.now < shape_->window_due) return wait_until(shape_->window_due);
  seal(pull.now);
  return {};
}

Stop Subscription::Impl::wait_for_flush(const Pull& pull) {
  if (flush_.count() == 0 || pages() || gathers()) return {};
  if (flush_due_ == never) flush_due_ = Subscription::flush_due(pull.now, flush_);
  const bool fills_a_pull = log_.head() - position_ >= pull.capacity();
  if (fills_a_pull || pull.now >= flush_due_) return {};
  return wait_until(flush_due_);
}

// --- Sharing

std::optional<std::uint64_t> Subscription::Impl::common_position(Monotonic now) const {
  const bool held_back = flush_.count() > 0 && (flush_due_ == never || now < flush_due_);
  if (held_back || !shares() || position_ >= log_.head()) return std::nullopt;
  return position_;
}

Subscription::Next Subscription::Impl::advance(std::uint64_t position, std::optional<Monotonic> flush_due) {
  position_ = delivered_ = position;
  wake_at_ = never;
  if (flush_due) flush_due_ = *flush_due;
  if (more()) return Next::more;
  flush_due_ = never;
  return Next::caught_up;
}

// --- Sending

Stop Subscription::Impl::refused(const Pull& pull) {
  if (pull.used_up()) return Next::more;
  if (shape_ && !shape_->rate.allows(pull.now)) return wait_until(shape_->rate.next());
  return {};
}

void Subscription::Impl::send(Pull& pull, const Record& record, std::string_view text, std::uint64_t resume_after) {
  pull.sink.record(record, text, {epoch_, resume_after});
  --pull.records_left;
  if (shape_) shape_->rate.take();
}

void Subscription::Impl::send_own(Pull& pull, const Record& record, Marks marks, std::uint64_t resume_after) {
  std::string& text = encoded_.scratch_text();
  text.clear();
  append(text, pull.sink.format(), record, marks);
  send(pull, record, text, resume_after);
}

void Subscription::Impl::send_gap(Pull& pull, const Gap& gap) {
  std::string& text = encoded_.scratch_text();
  text.clear();
  append(text, pull.sink.format(), gap);
  pull.sink.gap(text, gap.to);
}

Marks Subscription::Impl::marks_of(const Record& record) {
  if (!shape_ || shape_->query.consumer.empty() || record.series == nullptr) return {};
  auto& had = shape_->had;
  const std::uint32_t id = record.series->id;
  if (id >= had.size()) had.resize(id + 1, Timestamp::min());
  if (record.time < had[id]) return {.backlog = true};
  had[id] = record.time;
  return {};
}

// --- The public face

Subscription::Subscription(const Log& log, const Latest& latest, EncodedBlocks& encoded, StreamQuery query, bool pages,
                           std::optional<std::uint64_t> consumer_seq)
    : impl_(std::make_unique<Impl>(log, latest, encoded, std::move(query), pages)) {
  impl_->start(consumer_seq);
}

Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&&) noexcept = default;
Subscription::~Subscription() = default;

Subscription::Next Subscription::pull(RecordSink& sink, std::size_t bytes_budget, std::size_t records_budget, Monotonic now) {
  return impl_->pull(sink, bytes_budget, records_budget, now);
}

std::optional<std::uint64_t> Subscription::common_position(Monotonic now) const { return impl_->common_position(now); }
bool Subscription::more() const { return impl_->more(); }
bool Subscription::waits_with_others() const { return impl_->waits_with_others(); }
std::uint64_t Subscription::position() const { return impl_->position(); }
Subscription::Next Subscription::advance(std::uint64_t position, std::optional<Monotonic> flush_due) {
  return impl_->advance(position, flush_due);
}

std::uint64_t Subscription::cold_request() const { return impl_->position(); }
void Subscription::feed(BlockPtr block) { impl_->feed(std::move(block)); }
Cursor Subscription::cursor() const { return impl_->cursor(); }
std::optional<Monotonic> Subscription::wake_at() const { return impl_->wake_at(); }
const Filter& Subscription::filter() const { return impl_->filter(); }
std::chrono::nanoseconds Subscription::flush() const { return impl_->flush(); }
const StreamQuery* Subscription::shaping() const { return impl_->shaping(); }

}  // namespace weir::gateway
