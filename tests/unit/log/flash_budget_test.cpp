#include "log/flash_budget.h"

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

/// A disk that takes `block` bytes at each sync and `steady` bytes a second besides.
std::uint64_t run_a_day(FlashBudget& budget, double block, double steady) {
  double written = 0;
  Monotonic at{};
  for (const auto end = at + 24h; at < end; at += 1min) {
    budget.look(static_cast<std::uint64_t>(written), at);
    written += 60 * (steady + block / std::chrono::duration<double>(budget.interval()).count());
  }
  return static_cast<std::uint64_t>(written);
}

TEST(FlashBudget, WithoutOneCommitsAreSyncedWithinTheirSecond) {
  FlashBudget budget(0);
  run_a_day(budget, 4096, 100);
  EXPECT_EQ(budget.interval(), sync_interval_min);
  EXPECT_NEAR(static_cast<double>(budget.bytes_per_day()), 86'400 * (4096 / 0.8 + 100), 1e6);
}

TEST(FlashBudget, SyncsGrowRareUntilTheBudgetIsKept) {
  constexpr std::uint64_t bytes = 200'000'000;
  FlashBudget budget(bytes);
  const auto written = run_a_day(budget, 4096, 100);  // 450 MB a day where nothing is done
  EXPECT_LE(written, bytes * 105 / 100);
  EXPECT_GE(written, bytes * 80 / 100);  // and not rarer than it takes
  EXPECT_FALSE(budget.over_budget());
}

TEST(FlashBudget, ABudgetThatCannotBeKeptIsSaidAndWaitsNoLongerThanTheLimit) {
  FlashBudget budget(1'000'000);
  run_a_day(budget, 4096, 100);
  EXPECT_EQ(budget.interval(), sync_interval_max);
  EXPECT_TRUE(budget.over_budget());
}

TEST(FlashBudget, WhenLessComesInSyncsAreOftenAgain) {
  FlashBudget budget(200'000'000);
  run_a_day(budget, 40'960, 1000);
  EXPECT_GT(budget.interval(), sync_interval_min);
  FlashBudget idle(200'000'000);
  run_a_day(idle, 100, 1);
  EXPECT_EQ(idle.interval(), sync_interval_min);
}

}  // namespace
}  // namespace weir::gateway
