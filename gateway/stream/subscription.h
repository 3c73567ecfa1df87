// Subscription: a filter, a cursor and a policy. It holds no queue.
//
// Purpose    what every transport pulls from, whenever its socket takes more.
// Thread     belongs to the server thread (each sink has its own on its thread).
// Ownership  keeps references to the log, to Latest and to EncodedBlocks, which outlive it.
// Limits     a pull stops at its byte budget (it may exceed it by one record). every and lag=latest hold one reading for each
//            matching series and at most gathered_events_max other records: a set that is full is sent before its time.
// Errors     none: what is no longer there becomes a gap.
//
// Order      every delivery, merged or not, is in ascending sequence: the cursor of each record is its own number, and going on
//            from it neither loses nor repeats anything, also in the middle of a snapshot or of a merged set.
// Gap rule   a cursor older than the log is answered by one Gap ("expired"), then the oldest there is; one of another epoch
//            likewise ("epoch"). One beyond the head of this epoch (the log was restored from a copy) gets a Gap "epoch" with
//            lost 0, for nothing that this log has is missing there, and goes on at the head.
// snapshot   readings that are replaced by newer ones before they were sent are skipped: the newer come live. Only where
//            the query names no place and the consumer has none: a cursor wins over it.
// every=D    at most one reading per series in D: the newest, with `merged`. One window for all series: it opens at the first
//            reading, closes D after the one before closed (at once after silence), and is sent by sequence. In a
//            backlog D counts in the time when the log received the readings, so that a late reader gets the same density.
//            Records without a series keep their place in the order, and so wait as well.
// lag=latest behind the tail, or more than one pull behind: goes on with the newest of each series, with `merged`. Behind the
//            tail they come from Latest and `merged` is 1 where more than that was passed over uncounted; a filter that wants
//            other kinds too reads the log instead, for an alarm is never merged away.
// Pages      are answered at once: rate, flush and the waiting of every shape streams only.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "log/log.h"
#include "stream/encoded.h"
#include "stream/format.h"
#include "stream/latest.h"
#include "stream/query.h"

namespace weir::gateway {

/// A transport's framing around a record.
class RecordSink {
 public:
  virtual ~RecordSink() = default;

  /// Which text it wants; the same for a whole pull.
  virtual Format format() const = 0;
  /// `text` is the record in that format, marks included, shared between clients: copy it, it's valid during the call.
  /// `cursor` is where a client that has this record resumes.
  virtual void record(const Record& record, std::string_view text, Cursor cursor) = 0;
  virtual void gap(std::string_view text, Cursor cursor) = 0;
  virtual std::size_t bytes() const = 0;  // written so far in this pull
};

class Subscription {
 public:
  static constexpr std::size_t gathered_events_max = 4096;
  static constexpr std::size_t record_bytes_typical = 128;  // as JSON

  enum class Next {
    caught_up,  // nothing more now; pull again when the log has grown
    more,       // the budget is used up; pull again when the socket takes more
    cold,       // read cold_request() from the log, feed(), pull again
    later,      // rate, every or flush: pull again at wake_at(), or earlier
    ended,      // `until` was reached
  };

  /// `pages`: the default start is the oldest record. Start::time must have been resolved to a cursor by the caller
  /// (Log::find_time). `consumer_seq`: where a durable consumer goes on when the query names no place.
  Subscription(const Log& log, const Latest& latest, EncodedBlocks& encoded, StreamQuery query, bool pages,
               std::optional<std::uint64_t> consumer_seq);
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();

  Next pull(RecordSink& sink, std::size_t bytes_budget, std::size_t records_budget, Monotonic now);

  /// What to read from the log: records after this one. Pulling again before feed() answers `cold` again: ask once.
  std::uint64_t cold_request() const;
  /// The answer (null: nothing there; the tail goes on).
  void feed(BlockPtr block);

  /// Where it stands, if everybody with the same filter who stands there is to be sent the same now: nothing of its own is due
  /// before, no shape merges or slows, and there is something new. A pull that begins there may be kept for others.
  std::optional<std::uint64_t> common_position(Monotonic now) const;
  /// It waits at the head, where everybody with the same filter who waits there will be sent the same.
  bool waits_with_others() const;
  bool more() const;  // the log has more than was read
  std::uint64_t position() const;
  /// What another one's pull sent from there to `position` was sent. `flush_due`: when what is behind it is to be flushed.
  Next advance(std::uint64_t position, std::optional<Monotonic> flush_due = std::nullopt);

  /// Windows of flush=D end at the same times for all, so that one write serves all.
  static Monotonic flush_due(Monotonic now, std::chrono::nanoseconds flush) {
    return now + flush - now.time_since_epoch() % flush;
  }
  /// Records of a common size in so many bytes: as many are not held back by flush=D.
  static std::size_t capacity(std::size_t bytes_budget) { return std::max<std::size_t>(1, bytes_budget / record_bytes_typical); }

  /// Everything up to here was sent, merged into what was sent, or filtered out.
  Cursor cursor() const;
  std::optional<Monotonic> wake_at() const;
  const Filter& filter() const;
  std::chrono::nanoseconds flush() const;
  /// Null: it is sent what everybody with the same filter is sent from there.
  const StreamQuery* shaping() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::gateway
