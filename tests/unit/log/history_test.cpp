#include <gtest/gtest.h>

#include <cmath>
#include <future>
#include <map>
#include <random>

#include "log/database.h"
#include "log/history_grid.h"
#include "log/log.h"
#include "log/vfs.h"
#include "support/manual_clock.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

const Timestamp start = *parse_time("2026-03-01T08:00:00Z");

struct Taken {
  Timestamp time;
  Value value;
};

/// A log whose background work happens when the test says so, and all that was ever put into it.
class HistoryTest : public testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    log_.reset();
    auto opened = Log::open({.file = folder_.path() / "weir.db", .size_max = size_max_, .age_max = age_max_, .background = false},
                            clock_, {.on_commit = [] {}, .on_fatal = [](const Error& error) { FAIL() << error.message; }});
    ASSERT_TRUE(opened) << opened.error().message;
    log_ = std::move(*opened);
  }

  void put(std::vector<Reading> readings) {
    for (const auto& reading : readings)
      taken_[reading.device + "/" + reading.metric].push_back({reading.time.value_or(clock_.wall()), reading.value});
    auto committed = log_->append_and_wait({.delivery = {.reader = "test", .readings = std::move(readings)}}, 5s);
    ASSERT_TRUE(committed) << committed.error().message;
  }
  void put(Value value, std::optional<Timestamp> time = {}) {
    put({{.device = "d", .metric = "m", .value = std::move(value), .time = time}});
  }

  void tend() {
    clock_.advance(1100ms);
    auto done = log_->tend();
    ASSERT_TRUE(done) << done.error().message;
  }

  Result<HistoryAnswer> ask(HistoryQuery query) {
    std::promise<Result<HistoryAnswer>> answer;
    log_->history(std::move(query), [&](Result<HistoryAnswer> given) { answer.set_value(std::move(given)); });
    return answer.get_future().get();
  }
  HistoryAnswer buckets(Timestamp from, Timestamp to, std::size_t points, std::string metric = "m") {
    auto answer = ask({.device = "d", .metric = std::move(metric), .from = from, .to = to, .buckets = points});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? std::move(*answer) : HistoryAnswer{};
  }
  HistoryAnswer page(Timestamp from, Timestamp to, std::size_t readings, std::uint64_t after = 0, std::string metric = "m") {
    auto answer = ask({.device = "d", .metric = std::move(metric), .from = from, .to = to, .readings = readings, .after = after});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? std::move(*answer) : HistoryAnswer{};
  }

  std::int64_t closed_partitions() {
    auto database = Database::open(folder_.path() / "weir.db", Database::Mode::read_only, register_vfs());
    return *database->number("SELECT COUNT(*) FROM partition WHERE closed = 1");
  }

  tests::TemporaryFolder folder_;
  ManualClock clock_{start};
  std::uint64_t size_max_ = std::uint64_t{64} << 20U;
  std::chrono::nanoseconds age_max_ = 24h * 30;
  std::map<std::string, std::vector<Taken>> taken_;
  std::unique_ptr<Log> log_;
};

/// What buckets should be, without rollups and chunks.
std::vector<Bucket> naive(const std::vector<Taken>& taken, Timestamp from, Timestamp to, std::size_t points) {
  const HistoryGrid grid({from, to}, points);
  std::map<std::int64_t, Bucket> found;
  for (const auto& [time, value] : taken) {
    if (!grid.range().has(time)) continue;
    const auto index = (time - grid.range().from) / grid.width();
    auto& bucket = found[index];
    bucket.start = grid.range().from + index * grid.width();
    add(bucket, time, value);
  }
  std::vector<Bucket> out;
  for (const auto& [index, bucket] : found) out.push_back(bucket);
  return out;
}

void expect_equal(const std::vector<Bucket>& got, const std::vector<Bucket>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    SCOPED_TRACE(format_time(expected[i].start));
    EXPECT_EQ(got[i].start, expected[i].start);
    EXPECT_EQ(got[i].count, expected[i].count);
    EXPECT_EQ(got[i].numbers, expected[i].numbers);
    EXPECT_EQ(got[i].min, expected[i].min);
    EXPECT_EQ(got[i].max, expected[i].max);
    EXPECT_NEAR(got[i].sum, expected[i].sum, 1e-9 * (1 + std::abs(expected[i].sum)));
    EXPECT_EQ(got[i].last_time, expected[i].last_time);
    EXPECT_EQ(got[i].last, expected[i].last);
  }
}

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

/// Random readings over days: late ones, jumps of years, all types; folded, closed and reopened at random.
class HistoryModel : public HistoryTest, public testing::WithParamInterface<unsigned> {
 protected:
  std::uint64_t any(std::uint64_t below) { return random_() % below; }

  Value value() {
    switch (any(8)) {
      case 0: return static_cast<std::int64_t>(any(1000)) - 500;
      case 1: return any(2) == 0;
      case 2: return std::string(any(2) == 0 ? "on" : "off");
      default: return static_cast<double>(any(100'000)) / 100.0 - 200.0;
    }
  }

  std::optional<Timestamp> time() {
    switch (any(20)) {
      case 0: return clock_.wall() - std::chrono::minutes(any(300));
      case 1: return clock_.wall() + std::chrono::milliseconds(any(5000));
      case 2: return any(10) == 0 ? std::optional(clock_.wall() - 24h * 3652) : std::nullopt;
      default: return std::nullopt;
    }
  }

  void live(int steps) {
    for (int i = 0; i < steps; ++i) {
      std::vector<Reading> readings;
      for (auto left = any(40); left > 0; --left)
        readings.push_back({.device = "d", .metric = any(3) == 0 ? "other" : "m", .value = value(), .time = time()});
      if (!readings.empty()) put(std::move(readings));
      clock_.advance(std::chrono::milliseconds(any(60'000)));
      if (any(30) == 0) tend();
      if (any(400) == 0) open();
    }
  }

  void compare() {
    const std::string metric = any(4) == 0 ? "other" : "m";
    const auto span = std::chrono::seconds(1 + any(std::uint64_t{1} << any(25)));
    const auto from = clock_.wall() - std::chrono::seconds(any(200'000)) - (any(10) == 0 ? 24h * 3652 : 0h);
    const auto points = 1 + any(any(2) == 0 ? 1000 : 20);
    const auto answer = buckets(from, from + span, points, metric);
    expect_equal(answer.buckets, naive(taken_["d/" + metric], from, from + span, points));
    EXPECT_LE(answer.buckets.size(), points);
    compare_pages(from, from + span, metric);
  }

  void compare_pages(Timestamp from, Timestamp to, const std::string& metric) {
    std::vector<Taken> expected;
    for (const auto& taken : taken_["d/" + metric]) {
      if (taken.time >= from && taken.time < to) expected.push_back(taken);
    }
    const auto size = 50 + any(500);
    std::size_t at = 0;
    std::uint64_t after = 0;
    for (;;) {
      const auto answer = page(from, to, size, after, metric);
      ASSERT_LE(answer.readings.size(), size);
      for (const auto& reading : answer.readings) {
        ASSERT_LT(at, expected.size());
        ASSERT_EQ(reading.time, expected[at].time);
        ASSERT_EQ(reading.value, expected[at].value);
        ASSERT_GT(reading.seq, after);
        after = reading.seq;
        ++at;
      }
      if (!answer.next) break;
      ASSERT_GE(*answer.next, after);
      after = *answer.next;
    }
    EXPECT_EQ(at, expected.size());
  }

  std::mt19937_64 random_{GetParam()};
};

TEST_P(HistoryModel, BucketsAndPagesAreWhatANaiveModelSays) {
  size_max_ = std::uint64_t{1} << 20U;  // small files of the journal: folded often
  age_max_ = 30h;                       // partitions of an hour
  open();
  for (int round = 0; round < 5; ++round) {
    live(200);
    for (int i = 0; i < 10; ++i) compare();
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(log_->oldest(), 1U) << "retention took what the model still has";
  EXPECT_GE(closed_partitions(), 3);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HistoryModel, testing::Range(1U, 4U));

}  // namespace
}  // namespace weir::gateway
