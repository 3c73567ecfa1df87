// Rollup: a series by the minute, hour and day.
//
// Purpose    answers history of months in milliseconds, and is what is kept of a partition when its readings are thinned.
// Thread     plain values; a builder belongs to one thread.
// Ownership  owns what it gathers.
// Limits     a builder holds the buckets of one partition: at most two for each minute and series that had a reading, and of
//            a series rollup_buckets_max; readings in further minutes are left out and counted.
// Errors     decode_buckets fails with `invalid` on a damaged body, whose CRC is seeded with its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/record.h"

namespace weir::gateway {

enum class RollupLevel : std::uint8_t { minute, hour, day };
inline constexpr unsigned rollup_levels = 3;
inline constexpr std::size_t rollup_buckets_max = 1U << 20U;  // of a series and level: two years of minutes
std::chrono::seconds width(RollupLevel level);

/// The minute, hour or day that `time` lies in.
Timestamp start_of(Timestamp time, RollupLevel level);

/// Numbers and integers count as they are, booleans as 0 and 1. Of strings there are only count and last.
struct Bucket {
  Timestamp start;  // a whole minute, hour or day, UTC
  std::uint64_t count = 0;
  std::uint64_t numbers = 0;  // how many of them min, max and sum are made of
  double min = 0, max = 0, sum = 0;
  Timestamp last_time;  // of the newest by time; the later number where times are equal
  Value last;

  /// Never outside min and max, however sums are rounded.
  double mean() const;
};

void add(Bucket& bucket, Timestamp time, const Value& value);
void merge(Bucket& bucket, const Bucket& later);  // of the same or a finer width, inside the bucket

class RollupBuilder {
 public:
  /// Readings of any series, of each in the order of their numbers; times may jump.
  void add(const Record& reading);

  /// A row of a partition's rollup table: id = series << 2 | level. Series ascending.
  struct Row {
    std::int64_t id;
    std::string body;  // with its CRC
  };
  std::vector<Row> finish();
  std::uint64_t refused() const { return refused_; }

 private:
  /// In the order in which they came; a minute may have more than one until they are tidied.
  struct Minutes {
    std::vector<Bucket> buckets;
    std::size_t tidy_at = 64;
  };
  static Bucket* find_recent(Minutes& minutes, Timestamp start);
  static void tidy(Minutes& minutes);

  std::vector<Minutes> minutes_;  // by series id
  std::uint64_t refused_ = 0;
};

std::int64_t rollup_id(std::uint32_t series, RollupLevel level);
Result<std::vector<Bucket>> decode_buckets(std::string_view body, std::int64_t id);

}  // namespace weir::gateway
