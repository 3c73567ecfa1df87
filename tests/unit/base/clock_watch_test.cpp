#include "base/clock_watch.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

const Timestamp now = *parse_time("2026-11-21T12:00:00Z");
const Monotonic start{100s};
constexpr std::chrono::hours ten_years{24 * 3652};

TEST(ClockWatch, TimeThatPassesIsNoStep) {
  ClockWatch watch;
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(watch.look(now + 1h * i, start + 1h * i, true).stepped);
}

TEST(ClockWatch, AStepIsToldOnceWithItsSize) {
  ClockWatch watch;
  (void)watch.look(now, start, true);
  EXPECT_EQ(watch.look(now + 70s, start + 10s, true).stepped, milliseconds(60s));
  EXPECT_FALSE(watch.look(now + 80s, start + 20s, true).stepped);
  EXPECT_EQ(watch.look(now + 30s, start + 30s, true).stepped, milliseconds(-60s));
}

TEST(ClockWatch, TenYearsForwardsAndBack) {
  ClockWatch watch;
  (void)watch.look(now, start, true);
  EXPECT_EQ(watch.look(now + ten_years, start, true).stepped, milliseconds(ten_years));
  EXPECT_EQ(watch.look(now - ten_years, start, true).stepped, milliseconds(-2 * ten_years));
  EXPECT_EQ(watch.look(now, start, true).stepped, milliseconds(ten_years));
}

TEST(ClockWatch, TheEndsOfTheRangeDontOverflow) {
  ClockWatch watch;
  (void)watch.look(Timestamp::min(), start, true);
  EXPECT_GT(watch.look(Timestamp::max(), start, true).stepped, milliseconds(ten_years));
  EXPECT_LT(watch.look(Timestamp::min(), start + 1h, true).stepped, milliseconds(-ten_years));
}

TEST(ClockWatch, SmallStepsAreToldWhenTheyHaveAddedUp) {
  ClockWatch watch;
  (void)watch.look(now, start, true);
  EXPECT_FALSE(watch.look(now + 600ms, start, true).stepped);
  EXPECT_EQ(watch.look(now + 1200ms, start, true).stepped, 1200ms);
}

TEST(ClockWatch, ItTellsWhenTheClockIsSet) {
  ClockWatch watch;
  EXPECT_FALSE(watch.look(now - ten_years, start, false).synchronised);
  EXPECT_FALSE(watch.look(now - ten_years, start, false).synchronised);
  const auto set = watch.look(now, start, true);
  EXPECT_TRUE(set.synchronised);
  EXPECT_EQ(set.stepped, milliseconds(ten_years));
  EXPECT_FALSE(watch.look(now, start, true).synchronised);
}

TEST(ClockWatch, AClockThatWasSetAtTheStartIsNoNews) {
  ClockWatch watch;
  const auto first = watch.look(now, start, true);
  EXPECT_FALSE(first.synchronised);
  EXPECT_FALSE(first.stepped);
}

}  // namespace
}  // namespace weir
