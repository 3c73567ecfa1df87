#include "log/loss_ledger.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace weir::gateway {
namespace {

const Loss rubbish{.where = "mqtt field a/b", .reason = "undecodable", .detail = "not JSON"};
const Monotonic start{std::chrono::seconds(100)};
const Timestamp wall = from_nanoseconds(1'000'000'000);

TEST(LossLedger, TheFirstIsRecordedAtOnceAndTheRestOfItsSecondTogether) {
  LossLedger ledger;
  EXPECT_TRUE(ledger.add(rubbish, "field", wall, start));
  EXPECT_FALSE(ledger.add(rubbish, "field", wall, start));
  EXPECT_FALSE(ledger.add(rubbish, "field", wall, start));
  EXPECT_TRUE(ledger.due(start + std::chrono::milliseconds(999)).empty());
  const auto due = ledger.due(start + std::chrono::seconds(1));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_NE(due[0].members.find("\"count\":2"), std::string::npos) << due[0].members;
}

TEST(LossLedger, AfterAQuietSecondTheNextIsRecordedAtOnceAgain) {
  LossLedger ledger;
  ASSERT_TRUE(ledger.add(rubbish, "field", wall, start));
  EXPECT_TRUE(ledger.due(start + std::chrono::seconds(1)).empty());
  EXPECT_FALSE(ledger.next_due());
  EXPECT_TRUE(ledger.add(rubbish, "field", wall, start + std::chrono::seconds(2)));
}

TEST(LossLedger, BeyondTheLimitOfKindsEveryLossIsStillCounted) {
  LossLedger ledger;
  std::uint64_t recorded = 0;
  constexpr auto kinds = limits::loss_kinds_max + 500;
  for (std::size_t i = 0; i < kinds; ++i) {
    auto loss = rubbish;
    loss.where += std::to_string(i);
    if (ledger.add(loss, "field", wall, start)) ++recorded;
  }
  const auto due = ledger.due(start + std::chrono::seconds(1));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_NE(due[0].members.find("\"where\":\"field\""), std::string::npos);
  EXPECT_NE(due[0].members.find("\"count\":" + std::to_string(kinds - recorded)), std::string::npos) << due[0].members;
}

}  // namespace
}  // namespace weir::gateway
