#include "log/history_grid.h"

#include <gtest/gtest.h>

#include <random>

#include "base/limits.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;

Timestamp at(std::string_view text) { return *parse_time(text); }

TimeRange last(std::chrono::nanoseconds duration) { return {at("2026-11-21T12:34:56Z") - duration, at("2026-11-21T12:34:56Z")}; }

TEST(HistoryGrid, WidthsAreThoseThatPeopleUse) {
  EXPECT_EQ(bucket_width(last(1s), 10), 1s);
  EXPECT_EQ(bucket_width(last(1min), 61), 1s);
  EXPECT_EQ(bucket_width(last(1min), 60), 1s);
  EXPECT_EQ(bucket_width(last(1min), 59), 2s);
  EXPECT_EQ(bucket_width(last(1h), 500), 10s);
  EXPECT_EQ(bucket_width(last(24h), 500), 5min);
  EXPECT_EQ(bucket_width(last(24h * 7), 500), 30min);
  EXPECT_EQ(bucket_width(last(24h * 365), 500), days(1));
  EXPECT_EQ(bucket_width(last(24h * 365), 60), days(7));
  EXPECT_EQ(bucket_width(last(24h * 365 * 10), 10), days(730));
}

TEST(HistoryGrid, TheBucketsAreWholeAndBeginAtMultiplesInUtc) {
  const HistoryGrid grid({at("2026-11-21T12:34:56Z"), at("2026-11-21T14:34:56Z")}, 10);
  EXPECT_EQ(grid.width(), 15min);
  EXPECT_EQ(grid.range().from, at("2026-11-21T12:30:00Z"));
  EXPECT_EQ(grid.range().to, at("2026-11-21T14:45:00Z"));
}

TEST(HistoryGrid, WeeksBeginOnMonday) {
  const HistoryGrid grid({at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")}, 60);
  ASSERT_EQ(grid.width(), days(7));
  EXPECT_EQ(std::chrono::weekday(std::chrono::floor<days>(grid.range().from)), std::chrono::Monday);
}

TEST(HistoryGrid, TheCoarsestRollupThatFitsIsTaken) {
  const auto level = [](std::chrono::nanoseconds duration, std::size_t buckets) {
    return HistoryGrid(last(duration), buckets).level();
  };
  EXPECT_EQ(level(1h, 500), std::nullopt);
  EXPECT_EQ(level(24h, 500), RollupLevel::minute);
  EXPECT_EQ(level(24h * 30, 500), RollupLevel::hour);
  EXPECT_EQ(level(24h * 365, 500), RollupLevel::day);
}

TEST(HistoryGrid, NeverMoreBucketsThanAskedForWhateverTheTimes) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto any = [&] {
      return seconds(std::uniform_int_distribution<std::int64_t>(limits::reading_time_min_s, limits::reading_time_end_s)(random));
    };
    TimeRange range{Timestamp(any()), Timestamp(any())};
    if (i % 2 == 0) range.to = range.from + seconds(random() % 100'000);
    if (range.empty()) std::swap(range.from, range.to);
    range.to += 1ns;
    const auto buckets = 1 + random() % (i % 3 == 0 ? 3 : 1000);
    const HistoryGrid grid(range, buckets);
    ASSERT_LE((grid.range().to - grid.range().from) / grid.width(), static_cast<std::int64_t>(buckets));
    ASSERT_LE(grid.range().from, range.from);
    ASSERT_GE(grid.range().to, range.to);
  }
}

TEST(HistoryGrid, TimesOutsideOfWhatReadingsHaveAreNotAskedFor) {
  const auto range = range_of({.from = Timestamp::min(), .to = Timestamp::max()});
  EXPECT_EQ(range.from, at("2000-01-01T00:00:00Z"));
  EXPECT_EQ(range.to, at("2100-01-01T00:00:00Z"));
  HistoryGrid grid(range, 1);
  grid.add(at("2000-01-01T00:00:00Z"), 1.0);
  grid.add(at("2099-12-31T23:59:59.999999999Z"), 2.0);
  EXPECT_EQ(grid.take().at(0).count, 2U);
}

TEST(HistoryGrid, AnEmptyTimeHasNoBuckets) {
  HistoryGrid grid({at("2026-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z")}, 10);
  grid.add(at("2026-01-01T00:00:00Z"), 1.0);
  EXPECT_TRUE(grid.take().empty());
}

TEST(HistoryGrid, ReadingsAndRollupsComeTogetherInTheirBucket) {
  HistoryGrid grid({at("2026-01-01T00:00:00Z"), at("2026-01-01T01:00:00Z")}, 12);
  Bucket minute{.start = at("2026-01-01T00:06:00Z")};
  add(minute, at("2026-01-01T00:06:30Z"), 10.0);
  add(minute, at("2026-01-01T00:06:40Z"), 20.0);
  grid.add(minute);
  grid.add(at("2026-01-01T00:09:59.999Z"), 0.0);
  grid.add(at("2026-01-01T00:05:00Z"), 6.0);     // late
  grid.add(at("2026-01-01T00:10:00Z"), 1.0);     // the next bucket
  grid.add(at("2025-12-31T23:59:59.9Z"), 99.0);  // before
  grid.add(at("2026-01-01T01:00:00Z"), 99.0);    // behind
  const auto buckets = grid.take();
  ASSERT_EQ(buckets.size(), 2U);
  EXPECT_EQ(buckets[0].start, at("2026-01-01T00:05:00Z"));
  EXPECT_EQ(buckets[0].count, 4U);
  EXPECT_EQ(buckets[0].min, 0.0);
  EXPECT_EQ(buckets[0].max, 20.0);
  EXPECT_EQ(buckets[0].mean(), 9.0);
  EXPECT_EQ(buckets[0].last, Value(0.0));
  EXPECT_EQ(buckets[1].count, 1U);
}

}  // namespace
}  // namespace weir::gateway
