#include "readers/serial/bus.h"

#include <gtest/gtest.h>

namespace weir::firmware {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_within = 100ms;

class BusTest : public testing::Test {
 protected:
  std::string next() {
    const auto turn = bus_.next(now_);
    if (turn && turn->sent) turn->sent({});
    return turn ? turn->bytes : "";
  }
  void command(const std::string& bytes) {
    bus_.add(bytes, [this](const Result<void>& sent) { sent ? ++sent_ : ++abandoned_; });
  }
  /// The line answers after `after`.
  void answer(std::chrono::nanoseconds after = 10ms) {
    now_ += after;
    bus_.heard(now_);
  }

  Monotonic now_ = Monotonic(1h);
  Bus bus_{{{"A?", 1s}, {"B?", 1s}}, answer_within};
  int sent_ = 0, abandoned_ = 0;
};

TEST_F(BusTest, OneRequestAtATime) {
  EXPECT_EQ(next(), "A?\n");
  EXPECT_EQ(next(), "");
  EXPECT_EQ(bus_.due(now_), now_ + answer_within);
  answer();
  EXPECT_EQ(next(), "B?\n");
  answer();
  EXPECT_EQ(next(), "") << "both were asked within their second";
  now_ += 1s;
  EXPECT_EQ(next(), "A?\n");
}

TEST_F(BusTest, ACommandGoesBetweenPollsBeforeThoseThatAreDue) {
  EXPECT_EQ(next(), "A?\n");
  command("open\n");
  command("close\n");
  EXPECT_EQ(next(), "") << "it waits for the answer that is under way";
  answer();
  EXPECT_EQ(next(), "open\n");
  answer();
  EXPECT_EQ(next(), "close\n");
  answer();
  EXPECT_EQ(next(), "B?\n");
}

TEST_F(BusTest, APollIsSentOnceMoreACommandNever) {
  EXPECT_EQ(next(), "A?\n");
  now_ += answer_within;
  EXPECT_EQ(next(), "A?\n");
  now_ += answer_within;
  EXPECT_EQ(next(), "B?\n");
  EXPECT_EQ(bus_.counters().retries, 1U);
  EXPECT_EQ(bus_.counters().unanswered, 1U);
  answer();
  command("open\n");
  EXPECT_EQ(next(), "open\n");
  now_ += answer_within;
  EXPECT_EQ(next(), "");
  EXPECT_EQ(bus_.counters().retries, 1U);
  EXPECT_EQ(sent_, 1);
}

TEST_F(BusTest, UnderFullLoadACommandWaitsForOneAnswerAtMost) {
  Bus full({{"A?", 1ms}, {"B?", 1ms}, {"C?", 1ms}}, answer_within);
  auto now = Monotonic(1h);
  std::chrono::nanoseconds longest{};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(full.next(now));
    bool sent = false;
    full.add("open\n", [&](const Result<void>&) { sent = true; });
    const auto asked = now;
    full.heard(now += 20ms);
    auto turn = full.next(now);
    ASSERT_TRUE(turn && turn->sent) << "a poll overtook it";
    turn->sent({});
    longest = std::max<std::chrono::nanoseconds>(longest, now - asked);
    full.heard(now += 20ms);
  }
  EXPECT_EQ(longest, 20ms);
  EXPECT_EQ(full.counters().busy, 40s) << "all of the time";
}

TEST_F(BusTest, WhatWaitsIsToldThatThePortIsGone) {
  EXPECT_EQ(next(), "A?\n");
  command("open\n");
  bus_.abandon({ErrorCode::unavailable, "unplugged"});
  EXPECT_EQ(abandoned_, 1);
  EXPECT_EQ(next(), "B?\n");
}

TEST_F(BusTest, HasRoomForSoManyCommands) {
  for (std::size_t i = 0; i < Bus::commands_max; ++i) command("open\n");
  EXPECT_FALSE(bus_.has_room());
}

}  // namespace
}  // namespace weir::firmware
