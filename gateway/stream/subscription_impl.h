// Subscription::Impl: how a subscription goes through the log. Private to subscription.cpp and subscription_reading.cpp.
//
// Purpose    position_ is what was read, delivered_ what the client has; between them lies what is gathered (every, lag).
// Thread     as Subscription.
// Ownership  as Subscription; a block that was fed is kept until it is sent.
// Limits     as Subscription; of a consumer one time for each series.
// Errors     none.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "stream/gather.h"
#include "stream/rate_limit.h"
#include "stream/subscription.h"

namespace weir::gateway {

class Subscription::Impl {
 public:
  using Stop = std::optional<Next>;  // empty: go on

  Impl(const Log& log, const Latest& latest, EncodedBlocks& encoded, StreamQuery&& query, bool pages);

  void start(std::optional<std::uint64_t> consumer_seq);
  Next pull(RecordSink& sink, std::size_t bytes_budget, std::size_t records_budget, Monotonic now);
  void feed(BlockPtr block) {
    cold_was_empty_ = block == nullptr;
    cold_ = std::move(block);
  }
  Cursor cursor() const { return gap_ ? gap_->from : Cursor{epoch_, delivered_}; }

  std::uint64_t position() const { return position_; }
  std::optional<std::uint64_t> common_position(Monotonic now) const;
  bool more() const { return position_ < log_.head(); }
  bool shares() const { return !shape_ && !gap_ && !cold_; }
  bool waits_with_others() const { return shares() && !more(); }
  Next advance(std::uint64_t position, std::optional<Monotonic> flush_due);
  std::optional<Monotonic> wake_at() const { return wake_at_ == never ? std::nullopt : std::optional(wake_at_); }
  const Filter& filter() const { return filter_; }
  std::chrono::nanoseconds flush() const { return flush_; }
  const StreamQuery* shaping() const { return shape_ ? &shape_->query : nullptr; }

 private:
  /// What one pull may use.
  struct Pull {
    RecordSink& sink;
    const std::size_t bytes_budget;
    std::size_t records_left;
    const Monotonic now;

    bool used_up() const { return records_left == 0 || sink.bytes() >= bytes_budget; }
    std::size_t capacity() const { return std::clamp<std::size_t>(records_left, 1, Subscription::capacity(bytes_budget)); }
  };
  /// What is asked of it beyond what others with the same filter are sent from the same place.
  struct Shape {
    struct Due {
      std::uint64_t seq;
      std::uint32_t series;
    };
    Shape(StreamQuery&& asked, bool as_pages) : query(std::move(asked)), pages(as_pages), rate(as_pages ? 0 : query.rate) {}
    bool gathers() const { return query.every.count() > 0 || merge_to != 0; }

    const StreamQuery query;
    const bool pages;
    std::vector<Due> snapshot;  // to be sent, by sequence; empty when done
    std::size_t snapshot_next = 0;
    Gather gather{gathered_events_max};
    std::uint64_t merge_to = 0;  // lag=latest: merges up to here; 0: not merging
    Monotonic window_due{Monotonic::min()};
    RateLimit rate;
    std::vector<Timestamp> had;  // of a consumer: the newest time that it has, by series
  };
  static bool shapes(const StreamQuery& query);

  // Where it begins.
  void start_at(Cursor cursor);
  void take_snapshot();
  void remember_times();
  void drop_shape();

  // The steps of a pull.
  Stop send_snapshot(Pull& pull);
  Stop send_gathered(Pull& pull);
  Stop at_the_head(const Pull& pull);
  Stop wait_for_flush(const Pull& pull);
  Stop read_on(Pull& pull);

  // Reading on: from the tail, from a block that was fed, or over what is gone.
  Stop take_cold(Pull& pull);
  Stop behind_the_tail(Pull& pull);
  void pass_dropped(Pull& pull, std::uint64_t first_held);
  Stop take(Pull& pull, const BlockPtr& block, bool shared);
  Stop send_matching(Pull& pull, const BlockPtr& block, bool shared, std::size_t from, std::size_t to);
  bool gather_matching(const Pull& pull, const Block& block, std::size_t from, std::size_t to);
  bool closes_window(const Record& record) const;
  void seal(Monotonic now);

  // lag=latest.
  void merge_when_behind(const Pull& pull);
  bool more_matching_than(std::size_t count);
  bool jump_to_latest(const Pull& pull);

  // Sending.
  Stop refused(const Pull& pull);
  void send(Pull& pull, const Record& record, std::string_view text, std::uint64_t resume_after);
  void send_own(Pull& pull, const Record& record, Marks marks, std::uint64_t resume_after);
  void send_gap(Pull& pull, const Gap& gap);
  Marks marks_of(const Record& record);

  bool pages() const { return shape_ && shape_->pages; }
  bool latest_when_behind() const { return shape_ && shape_->query.latest_when_behind; }
  bool gathers() const { return shape_ && shape_->gathers(); }
  bool nothing_gathered() const { return !shape_ || shape_->gather.empty(); }
  bool at_end() const { return position_ >= end_; }
  void settle() {
    if (nothing_gathered()) delivered_ = position_;
  }
  Stop wait_until(Monotonic time) {
    wake_at_ = time;
    return Next::later;
  }

  static constexpr Monotonic never = Monotonic::max();

  const Log& log_;
  const Latest& latest_;
  EncodedBlocks& encoded_;
  Filter filter_;
  const std::chrono::nanoseconds flush_;
  std::unique_ptr<Shape> shape_;  // an idle client that wants all that comes is small
  std::unique_ptr<Gap> gap_;      // to be sent first
  BlockPtr cold_;

  std::uint64_t position_ = 0;   // read up to here
  std::uint64_t delivered_ = 0;  // behind position_ while records are gathered
  std::uint64_t end_ = std::numeric_limits<std::uint64_t>::max();
  Monotonic wake_at_ = never, flush_due_ = never;
  const std::uint32_t epoch_;
  bool cold_was_empty_ = false;
};

}  // namespace weir::gateway
