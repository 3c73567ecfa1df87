#include "node/node_core.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "unit/node/node_bench.h"

namespace weir::test {
namespace {

TEST(Node, HelloIsRepeatedLaterAndLaterUntilItIsAnswered) {
  Bench bench;
  std::vector<std::int64_t> at;
  for (int i = 0; i < 10'000; ++i) {
    const auto before = bench.sent.size();
    bench.poll(10);
    if (bench.sent.size() > before) at.push_back(bench.now);
  }
  ASSERT_GE(at.size(), 6U);
  EXPECT_EQ(at[1] - at[0], 1000);
  EXPECT_EQ(at[2] - at[1], 2000);
  EXPECT_EQ(at.back() - at[at.size() - 2], 30'000);
  bench.time(std::nullopt);
  bench.sent.clear();
  bench.poll(100'000);
  EXPECT_EQ(bench.count(WEIR_HELLO), 0);
}

TEST(Node, ReadingsWaitForTheGatewayAndAreForgottenWhenAcknowledged) {
  Bench bench;
  bench.measure(1);
  bench.poll();
  EXPECT_TRUE(bench.packs().empty());
  bench.link();
  bench.measure(2);
  bench.poll();
  ASSERT_EQ(bench.packs().size(), 1U);
  EXPECT_EQ(bench.packs()[0].head.first, 0U);
  EXPECT_EQ(bench.packs()[0].head.count, 2U);
  EXPECT_EQ(bench.node.ring.count, 2U);
  bench.ack(1);
  EXPECT_EQ(bench.node.ring.count, 0U);
}

TEST(Node, WithoutAckGoesBackToTheOldestOneFrameAtATimeAndSlowsDown) {
  Bench bench;
  bench.link();
  for (int i = 0; i < 200; ++i) bench.measure(i);
  bench.poll();
  const auto burst = bench.packs().size();
  ASSERT_GT(burst, 1U);
  bench.sent.clear();
  std::vector<std::int64_t> at;
  for (int i = 0; i < 12'000; ++i) {
    bench.poll(10);
    for (const auto& pack : bench.packs()) {
      EXPECT_EQ(pack.head.first, 0U);
      at.push_back(bench.now);
    }
    bench.sent.clear();
  }
  ASSERT_GE(at.size(), 7U);
  EXPECT_EQ(at[1] - at[0], 1000);
  EXPECT_EQ(at[2] - at[1], 2000);
  EXPECT_EQ(at.back() - at[at.size() - 2], 30'000);
  bench.ack(3);
  bench.poll();
  EXPECT_GT(bench.packs().size(), 1U) << "an ACK opens the window again";
  EXPECT_EQ(bench.packs()[0].head.oldest, 4U);
}

TEST(Node, WindowLimitsWhatIsUnderWay) {
  Bench bench(5000);
  bench.link();
  for (int i = 0; i < 3000; ++i) bench.measure(i);
  bench.poll();
  std::size_t records = 0;
  for (const auto& pack : bench.packs()) records += pack.records.size();
  EXPECT_GE(records, WEIR_NODE_WINDOW);
  EXPECT_LT(records, WEIR_NODE_WINDOW + 100);
}

TEST(Node, FullRingDropsTheOldestAndReportsHowManyUntilAcknowledged) {
  Bench bench(10);
  for (int i = 0; i < 14; ++i) bench.measure(i);
  bench.link();
  bench.poll();
  ASSERT_EQ(bench.packs().size(), 1U);
  EXPECT_EQ(bench.packs()[0].head.first, 4U);
  EXPECT_EQ(bench.packs()[0].head.dropped, 4U);
  EXPECT_EQ(bench.packs()[0].records[0].number, 4.0);
  bench.ack(13);
  bench.sent.clear();
  bench.measure(14);
  bench.poll();
  EXPECT_EQ(bench.packs().at(0).head.dropped, 0U);
}

TEST(Node, WhatWasDroppedWhileUnderWayAndArrivedIsNotReported) {
  Bench bench(10);
  bench.link();
  for (int i = 0; i < 10; ++i) bench.measure(i);
  bench.poll();
  for (int i = 10; i < 14; ++i) bench.measure(i);
  EXPECT_EQ(bench.node.ring.dropped, 4U);
  bench.ack(1);
  EXPECT_EQ(bench.node.ring.dropped, 2U);
  bench.ack(9);
  EXPECT_EQ(bench.node.ring.dropped, 0U);
  EXPECT_EQ(bench.node.ring.oldest, 10U);
}

TEST(Node, AcksOfOtherBootsAndOfTheFutureChangeNothing) {
  Bench bench;
  bench.link();
  bench.measure(1);
  bench.poll();
  const weir_ack other{bench.node.boot + 1, 0};
  bench.receive(line_of([&](auto* frame) { weir_put_ack(frame, &other); }));
  bench.ack(1);
  bench.ack(0xFFFFFFFF);
  EXPECT_EQ(bench.node.ring.count, 1U);
}

TEST(Node, ReadingsBeforeTheClockWasSetAreAgesThatGrow) {
  Bench bench;
  bench.link();
  bench.measure(1);
  bench.poll(1500);
  EXPECT_EQ(bench.packs().at(0).records.at(0).time, -1.5);
  bench.sent.clear();
  bench.poll(1000);
  EXPECT_EQ(bench.packs().at(0).records.at(0).time, -2.5) << "computed anew when sent again";
}

TEST(Node, OnceTheTimeIsKnownEarlierReadingsAreDatedToo) {
  Bench bench;
  bench.measure(1);
  bench.now += 2000;
  bench.measure(2);
  bench.poll();
  bench.time(1795255200.0);
  bench.poll(500);
  const auto packs = bench.packs();
  ASSERT_EQ(packs.size(), 1U);
  EXPECT_EQ(packs[0].records[0].time, 1795255198.0);
  EXPECT_EQ(packs[0].records[1].time, 1795255200.0);
}

TEST(Node, GatewayWithoutAClockCannotSetOurs) {
  Bench bench;
  bench.poll();
  bench.time(86400.0);
  EXPECT_FALSE(bench.node.clock_known);
  EXPECT_TRUE(bench.node.linked);
}

TEST(Node, AsksForTheTimeNowAndThen) {
  Bench bench;
  bench.link();
  bench.time(1795255200.0);
  bench.poll(599'000);
  EXPECT_EQ(bench.count(WEIR_TIME), 0);
  bench.poll(1'000);
  EXPECT_EQ(bench.count(WEIR_TIME), 1);
}

TEST(Node, DatedAndUndatedReadingsDoNotShareAFrame) {
  Bench bench;
  bench.link();
  bench.measure(1);
  bench.measure(2, true, 1386018900000);
  bench.measure(3);
  bench.poll();
  const auto packs = bench.packs();
  ASSERT_EQ(packs.size(), 3U);
  EXPECT_EQ(packs[0].records.at(0).time, 0.0);
  EXPECT_EQ(packs[1].records.at(0).time, 1386018900.0);
  EXPECT_EQ(packs[2].records.at(0).time, 0.0);
}

TEST(Node, GatewayThatDoesNotKnowItGetsHelloAndEverythingUnacknowledged) {
  Bench bench;
  bench.link();
  bench.measure(1);
  bench.poll();
  bench.sent.clear();
  bench.time(std::nullopt, true);
  bench.poll();
  EXPECT_EQ(bench.count(WEIR_HELLO), 1);
  EXPECT_TRUE(bench.packs().empty());
  bench.time(std::nullopt);
  bench.poll();
  EXPECT_EQ(bench.packs().at(0).head.first, 0U);
}

TEST(Node, CommandIsExecutedOnceHoweverOftenItComes) {
  Bench bench;
  bench.link();
  for (int i = 0; i < 3; ++i) bench.command("c1");
  bench.poll();
  EXPECT_EQ(bench.executed["c1"], 1);
  EXPECT_EQ(bench.results().size(), 1U);
  bench.receive(line_of([](auto* frame) { weir_put_result_ack(frame, text("c1")); }));
  bench.sent.clear();
  bench.command("c1");
  bench.poll();
  EXPECT_EQ(bench.executed["c1"], 1);
  EXPECT_EQ(bench.results().size(), 1U) << "the old answer is repeated";
}

TEST(Node, ResultIsRepeatedUntilItIsAcknowledged) {
  Bench bench;
  bench.link();
  bench.command("c1");
  for (int i = 0; i < 400; ++i) bench.poll(10);
  EXPECT_EQ(bench.results().size(), 4U) << "at 0, 0.5, 1.5 and 3.5 s";
  bench.receive(line_of([](auto* frame) { weir_put_result_ack(frame, text("c1")); }));
  bench.sent.clear();
  bench.poll(60'000);
  EXPECT_TRUE(bench.results().empty());
}

TEST(Node, FailedExpiredAndTooManyCommandsSaySo) {
  Bench bench;
  bench.link();
  bench.command("late", 0);
  EXPECT_EQ(bench.executed.count("late"), 0U);
  bench.fails = true;
  for (int i = 0; i < WEIR_RECENT_MAX + 1; ++i) bench.command("c" + std::to_string(i));
  EXPECT_EQ(bench.executed.size(), std::size_t{WEIR_RECENT_MAX});
  bench.poll();
  const auto results = bench.results();
  ASSERT_EQ(results.size(), 2U + WEIR_RECENT_MAX);
  EXPECT_EQ(results[0].first, "late expired");
  EXPECT_EQ(results[1].first, "c8 busy");
  EXPECT_EQ(results[2].first, "c0 valve stuck");
}

TEST(Node, WriteThatIsRefusedIsTriedAgain) {
  Bench bench;
  bench.link();
  bench.measure(1);
  bench.line_free = false;
  bench.poll();
  bench.line_free = true;
  bench.poll();
  EXPECT_EQ(bench.packs().size(), 1U);
}

TEST(Node, NumbersBeginAnewBeforeTheyWrapAndOnlyWhenNothingIsUnderWay) {
  Bench bench;
  bench.link();
  bench.node.ring.oldest = bench.node.next = 0x7FFFFFFF;
  bench.measure(1);
  bench.poll();
  bench.measure(2);
  bench.poll();
  EXPECT_EQ(bench.packs().size(), 1U);
  bench.ack(0x7FFFFFFF);
  bench.poll();
  EXPECT_EQ(bench.node.boot, 2U);
  bench.link();
  bench.poll();
  EXPECT_EQ(bench.packs().at(0).head.first, 0U);
  EXPECT_EQ(bench.packs().at(0).head.boot, 2U);
}

TEST(Node, ValueThatIsNoReadingIsRefused) {
  Bench bench;
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const weir_sample sample{0, value, 0, false, false};
    EXPECT_FALSE(weir_node_add(&bench.node, &sample));
  }
  const weir_sample nowhere{0, 1.0, 2, false, false};
  EXPECT_FALSE(weir_node_add(&bench.node, &nowhere));
}

/// A line that loses, cuts and flips in both directions; the gateway takes readings in order and acknowledges.
TEST(Node, EverythingArrivesOnceAndInOrderOverABadLine) {
  Bench bench(4000);
  std::mt19937 random(7);
  const auto damage = [&](Bytes line) {
    const auto luck = random() % 10;
    if (luck == 0) line.clear();
    if (luck == 1) line.resize(random() % line.size());
    if (luck == 2) line[random() % line.size()] = static_cast<std::uint8_t>(random());
    return line;
  };
  std::vector<double> taken;
  Bytes wire;
  for (int turn = 0; turn < 200'000 && taken.size() < 2000; ++turn) {
    if (turn < 2000) bench.measure(turn);
    bench.poll(10);
    for (const auto& line : bench.sent) wire = wire + damage(line);
    bench.sent.clear();
    for (const auto& frame : frames_in(wire)) {
      weir_frame_type type{};
      weir_cbor_reader body{};
      weir_readings head;
      weir_frame_open(frame.data(), frame.size(), &type, &body);
      if (type == WEIR_HELLO) {
        const weir_time answer{};
        bench.receive(damage(line_of([&](auto* out) { weir_put_time(out, &answer); })));
      }
      if (type != WEIR_READINGS || !weir_read_readings(&body, &head)) continue;
      ASSERT_EQ(head.dropped, 0U);
      weir_senml_base base{};
      weir_senml_record record;
      for (std::uint32_t i = 0; head.first <= taken.size() && i < head.count; ++i) {
        ASSERT_TRUE(weir_senml_next(&head.pack, &base, &record));
        if (head.first + i == taken.size()) taken.push_back(record.number);
      }
      if (taken.empty()) continue;
      const weir_ack ack{head.boot, static_cast<std::uint32_t>(taken.size() - 1)};
      bench.receive(damage(line_of([&](auto* out) { weir_put_ack(out, &ack); })));
    }
    wire.clear();
  }
  ASSERT_EQ(taken.size(), 2000U);
  for (std::size_t i = 0; i < taken.size(); ++i) ASSERT_EQ(taken[i], static_cast<double>(i));
}

}  // namespace
}  // namespace weir::test
