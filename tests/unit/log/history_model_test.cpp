// Answers from rollups, chunks and the journal beside a model that only remembers.
#include <random>

#include "unit/log/history_fixture.h"

namespace weir::gateway {
namespace {

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
