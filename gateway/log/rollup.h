// Rollup: a series by the minute, hour and day.
//
// Purpose    answers history of months in milliseconds, and is what is kept of a partition when its readings are thinned.
// Thread     plain values; a builder belongs to one thread.
// Ownership  owns what it gathers.
// Limits     a builder holds the buckets of one partition: at most one for each minute and series that had a reading.
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
std::chrono::seconds width(RollupLevel level);

/// Numbers and integers count as they are, booleans as 0 and 1. Of strings there are only count and last.
struct Bucket {
  Timestamp start;  // a whole minute, hour or day, UTC
  std::uint64_t count = 0;
  std::uint64_t numbers = 0;  // how many of them min, max and sum are made of
  double min = 0, max = 0, sum = 0;
  Timestamp last_time;  // of the newest by time; the later number where times are equal
  Value last;

  double mean() const { return sum / static_cast<double>(numbers); }
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

 private:
  std::vector<std::vector<Bucket>> minutes_;  // by series id
};

std::int64_t rollup_id(std::uint32_t series, RollupLevel level);
Result<std::vector<Bucket>> decode_buckets(std::string_view body, std::int64_t id);

}  // namespace weir::gateway
