// HistoryTest: a log in a folder of its own and a clock by hand; and what history should say of what was put into it.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "log/database.h"
#include "log/history_grid.h"
#include "log/log.h"
#include "log/vfs.h"
#include "support/manual_clock.h"
#include "support/temporary_folder.h"

namespace weir::gateway {

using namespace std::chrono_literals;

inline const Timestamp start = *parse_time("2026-03-01T08:00:00Z");

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
inline std::vector<Bucket> naive(const std::vector<Taken>& taken, Timestamp from, Timestamp to, std::size_t points) {
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

inline void expect_equal(const std::vector<Bucket>& got, const std::vector<Bucket>& expected) {
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

}  // namespace weir::gateway
