// Subscription: a filter, a cursor and a policy. It holds no queue.
//
// Purpose    what every transport pulls from, whenever its socket takes more.
// Thread     belongs to the server thread (each sink has its own on its thread).
// Ownership  keeps references to the log and to Latest, which outlive it.
// Limits     a pull stops at its byte budget (it may exceed it by one record).
// Errors     none: what is no longer there becomes a gap.
//
// Gap rule   a cursor older than the log, or of another epoch, is answered by one Gap first, then the oldest there is.
// every=D    at most one reading per series in D: the newest; it is sent when D has passed since the last one sent.
// lag=latest behind the tail, or more than one pull behind: jumps to the newest of each series with `merged`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "log/log.h"
#include "stream/format.h"
#include "stream/latest.h"
#include "stream/query.h"

namespace weir::gateway {

/// A transport's framing around a record. `cursor` is where a client that has this record resumes.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void record(const Record& record, Marks marks, Cursor cursor) = 0;
  virtual void gap(const Gap& gap, Cursor cursor) = 0;
  virtual std::size_t bytes() const = 0;  // written so far in this pull
};

class Subscription {
 public:
  enum class Next {
    caught_up,  // nothing more now; pull again when the log has grown, or at wake_at()
    more,       // the budget is used up; pull again when the socket takes more
    cold,       // call cold_request(), read from the log, feed(), pull again
    later,      // rate, every or flush: pull again at wake_at()
    ended,      // `until` was reached
  };

  /// `pages`: the default start is the oldest record. Start::time must have been resolved to a cursor by the caller
  /// (Log::find_time). `consumer_seq`: where a durable consumer goes on when the query names no place.
  Subscription(const Log& log, const Latest& latest, StreamQuery query, bool pages,
               std::optional<std::uint64_t> consumer_seq, Monotonic now);

  Next pull(RecordSink& sink, std::size_t bytes_budget, std::size_t records_budget, Monotonic now);

  /// What to read from the log: records after `after`.
  std::uint64_t cold_request() const { return position_; }
  /// The answer (null: nothing there; the tail goes on).
  void feed(BlockPtr block);

  Cursor cursor() const;  // everything up to here was sent or filtered out
  std::optional<Monotonic> wake_at() const { return wake_at_; }
  const StreamQuery& query() const { return query_; }

 private:
  struct Private;  // subscription.cpp
  const Log& log_;
  const Latest& latest_;
  StreamQuery query_;
  std::uint64_t position_ = 0;
  std::optional<Monotonic> wake_at_;
  std::shared_ptr<Private> private_;
};

}  // namespace weir::gateway
