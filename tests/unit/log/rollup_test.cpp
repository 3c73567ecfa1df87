#include "log/rollup.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace weir::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Timestamp midnight = from_nanoseconds(std::int64_t{20'000} * 86'400 * 1'000'000'000);
const Series temperature{.id = 3, .device = "boiler", .metric = "temperature"};

Record reading(Timestamp time, Value value, const Series& series = temperature) {
  Record record{.time = time, .received = time, .series = &series};
  record.value = std::move(value);
  return record;
}

std::vector<Bucket> decoded(const RollupBuilder::Row& row) {
  auto buckets = decode_buckets(row.body, row.id);
  EXPECT_TRUE(buckets) << row.id;
  return buckets ? *buckets : std::vector<Bucket>();
}

/// The rollups of one series, by level.
std::vector<std::vector<Bucket>> rolled_up(const std::vector<Record>& readings) {
  RollupBuilder builder;
  for (const auto& each : readings) builder.add(each);
  std::vector<std::vector<Bucket>> out;
  for (const auto& row : builder.finish()) out.push_back(decoded(row));
  return out;
}

void expect_holds(const Bucket& bucket) {
  EXPECT_LE(bucket.min, bucket.mean());
  EXPECT_LE(bucket.mean(), bucket.max);
}

TEST(Rollup, ABucketHasMinMeanMaxLastAndCount) {
  Bucket bucket{.start = midnight};
  add(bucket, midnight + seconds(2), 3.0);
  add(bucket, midnight + seconds(9), std::int64_t{-1});
  add(bucket, midnight + seconds(5), true);
  add(bucket, midnight + seconds(7), std::string("text"));
  EXPECT_EQ(bucket.count, 4U);
  EXPECT_EQ(bucket.numbers, 3U);
  EXPECT_EQ(bucket.min, -1.0);
  EXPECT_EQ(bucket.max, 3.0);
  EXPECT_EQ(bucket.mean(), 1.0);
  EXPECT_EQ(bucket.last, Value(std::int64_t{-1}));
  EXPECT_EQ(bucket.last_time, midnight + seconds(9));
}

TEST(Rollup, OfEqualTimesTheLaterNumberIsTheLast) {
  Bucket first{.start = midnight}, second{.start = midnight}, empty{.start = midnight};
  add(first, midnight, 1.0);
  add(first, midnight, 2.0);
  EXPECT_EQ(first.last, Value(2.0));
  add(second, midnight, 3.0);
  merge(first, second);
  EXPECT_EQ(first.last, Value(3.0));
  EXPECT_EQ(first.sum, 6.0);
  merge(first, empty);
  EXPECT_EQ(first.count, 3U);
  EXPECT_EQ(first.min, 1.0);
  merge(empty, first);
  EXPECT_EQ(empty.max, 3.0);
  EXPECT_EQ(empty.count, 3U);
}

TEST(Rollup, TheMeanIsNeverOutsideMinAndMax) {
  for (const double value : {0.1, 21.37, -1e-9, 1e308, -1e308}) {
    Bucket bucket{.start = midnight};
    for (int i = 0; i < 1000; ++i) add(bucket, midnight, value);
    expect_holds(bucket);
    add(bucket, midnight, -value);
    expect_holds(bucket);
  }
}

TEST(Rollup, ReadingsLieInTheirMinuteHourAndDay) {
  const auto levels =
      rolled_up({reading(midnight - milliseconds(1), 1.0), reading(midnight, 2.0), reading(midnight + seconds(59), 4.0),
                 reading(midnight + minutes(1), 8.0), reading(midnight + minutes(60), 16.0)});
  ASSERT_EQ(levels.size(), rollup_levels);
  const auto expect = [](const std::vector<Bucket>& buckets, const std::map<Timestamp, double>& sums) {
    std::map<Timestamp, double> found;
    for (const auto& bucket : buckets) found[bucket.start] = bucket.sum;
    EXPECT_EQ(found, sums);
  };
  const auto at = [](auto since) { return midnight + since; };
  expect(levels[0], {{at(minutes(-1)), 1}, {at(minutes(0)), 6}, {at(minutes(1)), 8}, {at(minutes(60)), 16}});
  expect(levels[1], {{at(minutes(-60)), 1}, {at(minutes(0)), 14}, {at(minutes(60)), 16}});
  expect(levels[2], {{at(minutes(-1440)), 1}, {at(minutes(0)), 30}});
}

TEST(Rollup, TimesThatJumpGiveTheSameAsSortedOnes) {
  std::mt19937_64 random(1);
  std::vector<Record> readings;
  for (int i = 0; i < 5000; ++i)
    readings.push_back(reading(midnight + milliseconds(random() % 86'400'000), std::int64_t(random() % 100)));
  const auto jumping = rolled_up(readings);
  std::stable_sort(readings.begin(), readings.end(), [](const Record& a, const Record& b) { return a.time < b.time; });
  const auto sorted = rolled_up(readings);
  ASSERT_EQ(jumping.size(), sorted.size());
  for (std::size_t level = 0; level < sorted.size(); ++level) {
    ASSERT_EQ(jumping[level].size(), sorted[level].size());
    for (std::size_t i = 0; i < sorted[level].size(); ++i) {
      const auto &a = jumping[level][i], &b = sorted[level][i];
      EXPECT_TRUE(a.start == b.start && a.count == b.count && a.min == b.min && a.max == b.max && a.sum == b.sum);
      EXPECT_TRUE(a.last == b.last && a.last_time == b.last_time);
    }
  }
}

TEST(Rollup, EverySeriesHasARowForEachLevelInOrder) {
  const Series other{.id = 1, .device = "boiler", .metric = "pressure"};
  RollupBuilder builder;
  builder.add(reading(midnight, 1.0));
  builder.add(reading(midnight, 2.0, other));
  std::vector<std::int64_t> ids;
  for (const auto& row : builder.finish()) ids.push_back(row.id);
  EXPECT_EQ(ids, (std::vector<std::int64_t>{4, 5, 6, 12, 13, 14}));
  EXPECT_TRUE(builder.finish().empty());
}

TEST(Rollup, ValuesOfEachTypeComeBack) {
  for (const auto& value : std::vector<Value>{21.55, std::int64_t{-7}, true, std::string("open")}) {
    const auto once = rolled_up({reading(midnight + seconds(5), value)});
    const auto twice = rolled_up({reading(midnight + seconds(5), value), reading(midnight + seconds(6), value)});
    const bool text = std::holds_alternative<std::string>(value);
    for (std::size_t level = 0; level < rollup_levels; ++level) {
      EXPECT_EQ(once[level].at(0).last, value);
      EXPECT_EQ(once[level].at(0).numbers, text ? 0U : 1U);
      EXPECT_EQ(twice[level].at(0).count, 2U);
      EXPECT_EQ(twice[level].at(0).numbers, text ? 0U : 2U);
      EXPECT_EQ(twice[level].at(0).last_time, midnight + seconds(6));
    }
  }
}

TEST(Rollup, TextsBetweenNumbersComeBack) {
  const auto levels = rolled_up({reading(midnight, 1.0), reading(midnight + minutes(1), std::string("off")),
                                 reading(midnight + minutes(1), std::string("on")), reading(midnight + minutes(2), 3.0)});
  EXPECT_EQ(levels[0].at(1).numbers, 0U);
  EXPECT_EQ(levels[0].at(1).last, Value(std::string("on")));
  EXPECT_EQ(levels[1].at(0).numbers, 2U);
  EXPECT_EQ(levels[1].at(0).mean(), 2.0);
}

TEST(Rollup, SumsOfDecimalsAreExactAndShort) {
  std::mt19937_64 random(2);
  RollupBuilder builder;
  std::int64_t hundredths = 0, now = 2150;
  for (int i = 0; i < 3600; ++i) {
    hundredths += now += static_cast<std::int64_t>(random() % 7) - 3;
    builder.add(reading(midnight + seconds(i), static_cast<double>(now) / 100));
  }
  const auto rows = builder.finish();
  EXPECT_LE(rows[0].body.size(), 60U * 13);
  EXPECT_EQ(decoded(rows[1]).at(0).sum, static_cast<double>(hundredths) / 100);
  for (const auto& bucket : decoded(rows[0])) expect_holds(bucket);
}

TEST(Rollup, ASeriesSlowerThanAMinuteCostsLittleMoreThanItsReadings) {
  std::mt19937_64 random(3);
  RollupBuilder builder;
  for (int i = 0; i < 1000; ++i)
    builder.add(reading(midnight + minutes(5 * i), static_cast<double>(2000 + random() % 100) / 100));
  EXPECT_LE(builder.finish()[0].body.size(), 1200U);
}

TEST(Rollup, TheEndsOfTimeHaveBuckets) {
  const auto levels = rolled_up({reading(Timestamp::min(), 1.0), reading(Timestamp::max(), 2.0)});
  for (const auto& level : levels) EXPECT_EQ(level.size(), 2U);
}

TEST(Rollup, EveryFlippedBitAndEveryOtherPlaceIsFound) {
  RollupBuilder builder;
  for (int i = 0; i < 100; ++i) builder.add(reading(midnight + seconds(i * 7), i / 8.0));
  for (auto& row : builder.finish()) {
    EXPECT_FALSE(decode_buckets(row.body, row.id ^ 1));
    for (std::size_t bit = 0; bit < row.body.size() * 8; ++bit) {
      row.body[bit / 8] = static_cast<char>(row.body[bit / 8] ^ (1 << bit % 8));
      EXPECT_FALSE(decode_buckets(row.body, row.id)) << bit;
      row.body[bit / 8] = static_cast<char>(row.body[bit / 8] ^ (1 << bit % 8));
    }
  }
}

}  // namespace
}  // namespace weir::gateway
