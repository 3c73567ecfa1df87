#include "log/pace.h"

#include <gtest/gtest.h>

#include <limits>

namespace weir::gateway {
namespace {

constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto highest = std::numeric_limits<std::int64_t>::max();

Pace of(const std::vector<std::int64_t>& times) {
  Pace pace;
  for (std::uint32_t number = 0; number < times.size(); ++number) pace.add(number, times[number]);
  pace.finish();
  return pace;
}

std::vector<std::int64_t> each_ten(std::size_t count) {
  std::vector<std::int64_t> times;
  for (std::size_t i = 0; i < count; ++i) times.push_back(static_cast<std::int64_t>(i) * 10);
  return times;
}

TEST(Pace, TellsTheNumberOfATime) {
  const auto times = each_ten(1000);
  const auto pace = of(times);
  std::size_t hint = 0;
  for (std::int64_t number = 0; number < 1000; ++number)
    EXPECT_NEAR(static_cast<double>(pace.number_at(times[static_cast<std::size_t>(number)], hint)), static_cast<double>(number),
                2);
}

TEST(Pace, TheHintChangesNothing) {
  const auto pace = of(each_ten(10'000));
  std::size_t hint = 0;
  for (const std::int64_t time : {99'000, 0, 50'000, 50'001, 3, 99'999, 20'000, -50, 200'000}) {
    std::size_t none = 0;
    EXPECT_EQ(pace.number_at(time, hint), pace.number_at(time, none)) << time;
  }
}

TEST(Pace, AWrongClockHereAndThereDoesNotMatter) {
  auto times = each_ten(1000);
  for (std::size_t i = 5; i < times.size(); i += 50) times[i] = i % 100 == 5 ? highest : lowest;
  const auto pace = of(times);
  std::size_t hint = 0;
  EXPECT_NEAR(static_cast<double>(pace.number_at(5000, hint)), 500, 4);
}

TEST(Pace, AnyTimesHaveAnAnswer) {
  for (const auto& times :
       std::vector<std::vector<std::int64_t>>{{7}, {lowest, highest}, std::vector<std::int64_t>(500, 3), {}}) {
    auto ends = times;
    ends.resize(200, highest);
    for (const auto& pace : {of(ends), of(times)}) {
      std::size_t hint = 0;
      for (const auto time : {highest, lowest, std::int64_t{0}, std::int64_t{3}, highest}) {
        const auto number = pace.number_at(time, hint);
        EXPECT_TRUE(number >= -2 * pace_stride && number <= 1000) << number;
      }
    }
  }
}

TEST(Pace, ComesBackFromBytesUnlessTheyAreDamaged) {
  std::string out;
  of(each_ten(1000)).put(out);
  ByteReader in(out);
  Pace pace;
  pace.read(in);
  ASSERT_TRUE(in.ok() && in.at_end());
  std::size_t hint = 0;
  EXPECT_NEAR(static_cast<double>(pace.number_at(5000, hint)), 500, 2);
  for (std::size_t size = 0; size < out.size(); ++size) {
    ByteReader cut(std::string_view(out).substr(0, size));
    pace.read(cut);
    EXPECT_FALSE(cut.ok());
  }
}

}  // namespace
}  // namespace weir::gateway
