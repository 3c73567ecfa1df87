// HistoryGrid: the buckets of one answer of history, of equal width, in UTC.
//
// Purpose    the smallest width that people use (1, 2, 5, 10, 15, 30 s and min; 1, 2, 3, 6, 12 h; 1, 2, 7, 14, 30, 60, 90, 180,
//            365 d and doubles of it) with which a time takes at most so many buckets. Buckets begin at whole multiples of it
//            since Monday, 1970-01-05, and are whole: the first and the last may reach beyond what was asked for, so that a
//            bucket says the same in every answer.
// Thread     belongs to one thread.
// Limits     limits::history_buckets_max buckets. Times outside of what readings may have (limits.h) are not asked for.
// Errors     none.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "log/log.h"
#include "log/rollup.h"

namespace weir::gateway {

/// [from, to) within the times that readings may have.
struct TimeRange {
  Timestamp from, to;

  bool empty() const { return from >= to; }
  bool has(Timestamp time) const { return time >= from && time < to; }
  bool meets(Timestamp oldest, Timestamp newest) const { return newest >= from && oldest < to; }
};
TimeRange range_of(const HistoryQuery& query);

std::chrono::seconds bucket_width(TimeRange range, std::size_t buckets_max);

class HistoryGrid {
 public:
  HistoryGrid(TimeRange range, std::size_t buckets_max);

  std::chrono::seconds width() const { return width_; }
  /// Of the whole buckets.
  TimeRange range() const;
  /// The coarsest rollup that fits into a bucket; nothing where a bucket is less than a minute.
  std::optional<RollupLevel> level() const;

  // In the order of the log, of what lies within range(); the rest is passed over.
  void add(Timestamp time, const Value& value);
  void add(const Bucket& part);

  /// Those with a reading, by time.
  std::vector<Bucket> take();

 private:
  Bucket* at(Timestamp time);

  std::chrono::seconds width_;
  std::int64_t first_, end_;  // in widths since the origin
  std::vector<Bucket> buckets_;
};

}  // namespace weir::gateway
