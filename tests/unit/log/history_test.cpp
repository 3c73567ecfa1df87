#include <algorithm>
#include <cmath>

#include "unit/log/history_fixture.h"

namespace weir::gateway {
namespace {

TEST_F(HistoryTest, AReadingOfThisMomentIsThere) {
  put(20.5);
  const auto answer = buckets(start, start + 1min, 60);
  EXPECT_EQ(answer.width, 1s);
  ASSERT_EQ(answer.buckets.size(), 1U);
  EXPECT_EQ(answer.buckets[0].last, Value(20.5));
  const auto readings = page(start, start + 1min, 10);
  ASSERT_EQ(readings.readings.size(), 1U);
  EXPECT_EQ(readings.readings[0].value, Value(20.5));
  EXPECT_EQ(readings.next, std::nullopt);
}

TEST_F(HistoryTest, ASeriesThatNobodyKnowsIsNotFound) {
  const auto answer = ask({.device = "d", .metric = "none", .from = start, .to = start + 1h, .buckets = 10});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::not_found);
}

TEST_F(HistoryTest, FromIsInAndToIsOut) {
  put(1.0, start);
  put(2.0, start + 1h);
  EXPECT_EQ(page(start, start + 1h, 10).readings.size(), 1U);
  EXPECT_EQ(page(start, start + 1h + 1ns, 10).readings.size(), 2U);
  EXPECT_TRUE(page(start + 1h, start, 10).readings.empty());
  EXPECT_TRUE(buckets(start + 1h, start, 10).buckets.empty());
}

TEST_F(HistoryTest, ReadingsFromBeforeTheClockWasSetAreFoundWhereTheyBelong) {
  size_max_ = std::uint64_t{1} << 20U;
  age_max_ = 30h;
  open();
  clock_.set_source(ClockSource::none);
  clock_.step_wall(-24h * 3652);  // a board without a battery
  const auto live = [this](int commits) {
    for (int i = 0; i < commits; ++i) {
      std::vector<Reading> readings = {{.device = "d", .metric = "m", .value = 1.0}};
      for (int n = 0; n < 20; ++n) readings.push_back({.device = "d", .metric = "noise", .value = std::sin(i * n) * 1e6});
      put(std::move(readings));
      clock_.advance(30s);
      if (i % 50 == 0) tend();
    }
  };
  const auto count = [this](Timestamp from, Timestamp to) {
    std::uint64_t found = 0;
    for (const auto& bucket : buckets(from, to, 50).buckets) found += bucket.count;
    return found;
  };
  live(500);
  ASSERT_GE(closed_partitions(), 2);
  EXPECT_EQ(count(start - 24h * 3652, start - 24h * 3651), 500U);
  clock_.step_wall(24h * 3652);
  clock_.set_source(ClockSource::ntp);
  for (int i = 0; i < 10; ++i) tend();
  ASSERT_GE(closed_partitions(), 2) << "and again";
  live(10);
  EXPECT_EQ(count(start, start + 24h), 510U);
  EXPECT_EQ(page(start, start + 24h, 1000).readings.size(), 510U);
  EXPECT_EQ(count(start - 24h * 3652, start - 24h * 3651), 0U);
}

class HistoryOfParts : public HistoryTest {
 protected:
  /// A reading each half minute for ten hours, in partitions of an hour and more.
  void SetUp() override {
    size_max_ = std::uint64_t{1} << 20U;
    age_max_ = 30h;
    open();
    for (int i = 0; i < 1200; ++i) {
      std::vector<Reading> readings = {{.device = "d", .metric = "m", .value = static_cast<double>(i)}};
      for (int n = 0; n < 20; ++n) readings.push_back({.device = "d", .metric = "noise", .value = std::sin(i * n) * 1e6});
      put(std::move(readings));
      clock_.advance(30s);
      if (i % 50 == 0) tend();
    }
    tend();
    ASSERT_GE(closed_partitions(), 4);
  }

  void run(const std::string& sql) {
    log_.reset();
    auto database = Database::open(folder_.path() / "weir.db", Database::Mode::create, register_vfs());
    ASSERT_TRUE(database);
    const auto done = database->run(sql);
    ASSERT_TRUE(done) << done.error().message;
    database = Error{};
    open();
  }

  std::vector<double> pages(std::size_t size, std::vector<HistoryGap>* gaps = nullptr) {
    std::vector<double> values;
    for (std::uint64_t after = 0;;) {
      const auto answer = page(start, start + 24h, size, after);
      for (const auto& reading : answer.readings) values.push_back(std::get<double>(reading.value));
      if (gaps != nullptr) gaps->insert(gaps->end(), answer.gaps.begin(), answer.gaps.end());
      if (!answer.next) return values;
      after = answer.readings.empty() ? *answer.next : answer.readings.back().seq;
    }
  }

  std::uint64_t count_in_partition(int id) {
    auto database = Database::open(folder_.path() / "weir.db", Database::Mode::read_only, register_vfs());
    const auto where = " FROM partition WHERE id = " + std::to_string(id);
    const auto first = from_nanoseconds(*database->number("SELECT oldest_time" + where));
    const auto last = from_nanoseconds(*database->number("SELECT newest_time" + where));
    const auto& taken = taken_["d/m"];
    return static_cast<std::uint64_t>(
        std::count_if(taken.begin(), taken.end(), [&](const Taken& t) { return t.time >= first && t.time <= last; }));
  }
};

std::vector<double> counted(int from, int to) {
  std::vector<double> values;
  for (int i = from; i < to; ++i) values.push_back(i);
  return values;
}

TEST_F(HistoryOfParts, ThinnedReadingsAreToldAsAGapAndTheirMinutesStay) {
  const auto thinned = count_in_partition(2);
  const auto before = count_in_partition(1);
  run("DROP TABLE chunk_2; UPDATE partition SET thinned = 1 WHERE id = 2");
  std::vector<HistoryGap> gaps;
  auto expected = counted(0, 1200);
  expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(before),
                 expected.begin() + static_cast<std::ptrdiff_t>(before + thinned));
  EXPECT_EQ(pages(100, &gaps), expected);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].reason, "thinned");
  EXPECT_EQ(gaps[0].lost, thinned);
  const auto coarse = buckets(start, start + 10h, 100);
  EXPECT_TRUE(coarse.gaps.empty()) << "nothing is missing at this width";
  expect_equal(coarse.buckets, naive(taken_["d/m"], start, start + 10h, 100));
  const auto fine = buckets(start, start + 10h, 5000);
  ASSERT_EQ(fine.width, 10s);
  ASSERT_EQ(fine.gaps.size(), 1U);
  EXPECT_EQ(fine.gaps[0].reason, "thinned");
}

TEST_F(HistoryOfParts, SalvagedReadingsComeFirstAndCanBePagedThrough) {
  run("UPDATE partition SET id = -1, salvaged = 1 WHERE id = 2; UPDATE partition SET id = -2, salvaged = 1 WHERE id = 3;"
      "ALTER TABLE chunk_2 RENAME TO chunk_s1; ALTER TABLE rollup_2 RENAME TO rollup_s1;"
      "ALTER TABLE chunk_3 RENAME TO chunk_s2; ALTER TABLE rollup_3 RENAME TO rollup_s2");
  auto expected = counted(0, 1200);
  for (const std::size_t size : {1U, 7U, 100U, 10'000U}) {
    auto found = pages(size);
    EXPECT_GT(found.front(), 0) << "they come first";
    std::sort(found.begin(), found.end());
    ASSERT_EQ(found, expected) << size;
  }
}

TEST_F(HistoryOfParts, ADamagedChunkIsAGapAndTheRestIsThere) {
  run("UPDATE chunk_2 SET body = zeroblob(length(body)) WHERE id = (SELECT MIN(id) FROM chunk_2 WHERE id & 1048575 = 1)");
  std::vector<HistoryGap> gaps;
  const auto found = pages(10'000, &gaps);
  EXPECT_LT(found.size(), 1200U);
  EXPECT_GT(found.size(), 900U);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].reason, "damaged");
}

TEST_F(HistoryOfParts, ADamagedRollupIsMadeUpForByTheReadings) {
  run("UPDATE rollup_2 SET body = zeroblob(length(body))");
  expect_equal(buckets(start, start + 10h, 100).buckets, naive(taken_["d/m"], start, start + 10h, 100));
  EXPECT_EQ(pages(10'000), counted(0, 1200));
}

TEST_F(HistoryOfParts, WhatRetentionDroppedIsAGapOfReasonExpired) {
  const auto last = clock_.wall();
  for (int i = 0; i < 40; ++i) {
    clock_.advance(1h);
    put(static_cast<double>(i));
    tend();
  }
  EXPECT_GT(log_->oldest(), 1U);
  const auto answer = buckets(start, last, 100);
  EXPECT_TRUE(answer.buckets.empty());
  ASSERT_FALSE(answer.gaps.empty());
  for (const auto& gap : answer.gaps) EXPECT_EQ(gap.reason, "expired") << "also what was thinned first";
  EXPECT_EQ(answer.gaps.front().from, start);
}

TEST_F(HistoryTest, LossesOfTheSeriesAndOfItsDeviceAreGaps) {
  put(1.0);
  const auto lose = [&](std::string device, std::string metric, std::string reason) {
    Append append{.delivery = {.reader = "test"}};
    append.delivery.losses.push_back(
        {.where = "test", .reason = std::move(reason), .count = 7, .device = std::move(device), .metric = std::move(metric)});
    ASSERT_TRUE(log_->append_and_wait(std::move(append), 5s));
  };
  lose("d", "m", "undecodable");
  lose("d", "", "overflow");
  lose("d", "other", "full");
  lose("e", "m", "noise");
  const auto gaps = buckets(start, start + 1h, 10).gaps;
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].reason, "overflow");
  EXPECT_EQ(gaps[0].lost, 0U) << "how many of them were of this metric is not known";
  EXPECT_EQ(gaps[1].reason, "undecodable");
  EXPECT_EQ(gaps[1].lost, 7U);
  EXPECT_TRUE(buckets(start + 1h, start + 2h, 10).gaps.empty());
}

}  // namespace
}  // namespace weir::gateway
