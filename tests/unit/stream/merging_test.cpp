// every=D and lag=latest: what is sent instead of all readings.
#include "client.h"

namespace weir::gateway {
namespace {

using Next = Subscription::Next;
using Seqs = std::vector<std::uint64_t>;
using namespace std::chrono_literals;

void add(Bench& bench, int count, std::string_view device = "a") {
  for (int i = 0; i < count; ++i) bench.log.add_reading(device, "m", static_cast<double>(i));
}

std::vector<std::uint64_t> merged(const Client& client) {
  std::vector<std::uint64_t> all;
  for (const auto& one : client.sink.received) all.push_back(one.is_gap ? 0 : one.json.value("merged", std::uint64_t{0}));
  return all;
}

/// Both clocks of the bench go on together.
void wait(Bench& bench, std::chrono::nanoseconds time) {
  bench.now += time;
  bench.log.now += time;
}

// --- every

TEST(Every, SendsTheFirstAtOnceAndThenTheNewestWhenItsTimeHasCome) {
  Bench bench;
  Client client(bench, "every=1s");
  add(bench, 1);
  EXPECT_EQ(client.drain(), Next::caught_up);
  EXPECT_EQ(client.sink.seqs(), (Seqs{1}));
  const Monotonic due = bench.now + 1s;
  for (int i = 0; i < 9; ++i) {
    wait(bench, 100ms);
    add(bench, 1);
    EXPECT_EQ(client.drain(), Next::later);
    EXPECT_EQ(*client.subscription.wake_at(), due);
  }
  EXPECT_EQ(client.subscription.cursor().seq, 1U);
  wait(bench, 100ms);
  EXPECT_EQ(client.drain(), Next::caught_up);
  EXPECT_EQ(client.sink.seqs(), (Seqs{1, 10}));
  EXPECT_EQ(merged(client), (Seqs{0, 8}));
  EXPECT_EQ(client.subscription.cursor().seq, 10U);
}

TEST(Every, HoldsForEachSeriesAndKeepsTheOrder) {
  Bench bench;
  Client client(bench, "every=1s");
  add(bench, 1, "a");
  client.drain();
  add(bench, 2, "b"), add(bench, 2, "c"), add(bench, 1, "b");
  EXPECT_EQ(client.drain(), Next::later);
  wait(bench, 1s);
  EXPECT_EQ(client.drain(), Next::caught_up);
  EXPECT_EQ(client.sink.seqs(), (Seqs{1, 5, 6}));
  EXPECT_EQ(merged(client), (Seqs{0, 1, 2}));
}

TEST(Every, OtherRecordsAreNeverMerged) {
  Bench bench;
  Client client(bench, "every=1s&kinds=*");
  add(bench, 1);
  client.drain();
  add(bench, 1);
  bench.log.add_device("a", "offline");
  bench.log.add_device("a", "online");
  add(bench, 1);
  wait(bench, 1s);
  client.drain();
  EXPECT_EQ(client.sink.seqs(), (Seqs{1, 3, 4, 5}));
}

TEST(Every, ABacklogHasTheDensityOfTheStream) {
  Bench bench;
  for (int i = 0; i < 100; ++i) add(bench, 1), wait(bench, 99ms);  // 100 ms apart
  Client client(bench, "every=1s&after=earliest");
  client.drain();
  EXPECT_EQ(client.sink.seqs(), (Seqs{10, 20, 30, 40, 50, 60, 70, 80, 90}));
  wait(bench, 1s);
  client.drain();
  EXPECT_EQ(client.sink.seqs().back(), 100U);
}

TEST(Every, ASetThatWasCutResumesWithoutLossOrRepetition) {
  Bench bench;
  Client client(bench, "every=1s");
  add(bench, 2, "a"), add(bench, 1, "b"), add(bench, 2, "c"), add(bench, 1, "d");
  EXPECT_EQ(client.pull(65'536, 2), Next::more);
  EXPECT_EQ(client.sink.seqs(), (Seqs{2, 3}));
  Client resumed(bench, "every=1s&after=" + to_string(client.subscription.cursor()));
  EXPECT_EQ(resumed.take(), (Seqs{5, 6}));
}

TEST(Every, EndsWithWhatIsGatheredAtUntil) {
  Bench bench;
  add(bench, 10);
  Client client(bench, "every=1s&after=earliest&until=5f3a9c01-7");
  EXPECT_EQ(client.drain(), Next::ended);
  EXPECT_EQ(client.sink.seqs(), (Seqs{7}));
}

TEST(Every, SendsWhatIsGatheredBeforeAGap) {
  Bench bench;
  Client client(bench, "every=1s");
  add(bench, 1);
  client.drain();
  add(bench, 1);
  EXPECT_EQ(client.drain(), Next::later);
  add(bench, 10);
  bench.log.drop_before(10);
  EXPECT_EQ(client.drain(), Next::later);
  ASSERT_EQ(client.sink.received.size(), 3U);
  EXPECT_EQ(client.sink.received[1].seq(), 2U);
  EXPECT_TRUE(client.sink.received[2].is_gap);
  wait(bench, 1s);
  client.drain();
  EXPECT_EQ(client.sink.seqs(), (Seqs{1, 2, 12}));
}

TEST(Every, HoldsOneReadingForEachSeriesAndABoundedNumberOfOthers) {
  Bench bench;
  Client client(bench, "every=1s&kinds=*");
  add(bench, 1);
  client.drain();
  const auto events = static_cast<int>(Subscription::gathered_events_max) + 500;
  for (int i = 0; i < events; ++i) {
    bench.log.add_device("a", i % 2 == 0 ? "online" : "offline");
    bench.log.now -= 1ms;  // all at the same time
  }
  EXPECT_EQ(client.drain(), Next::later);  // a full set goes early: nothing is dropped for the limit
  EXPECT_EQ(client.sink.seqs().size(), 1 + Subscription::gathered_events_max);
  wait(bench, 1s);
  client.drain();
  EXPECT_EQ(client.sink.seqs().size(), static_cast<std::size_t>(events) + 1);
}

// --- lag=latest

TEST(Lag, AClientThatKeepsUpGetsEveryRecord) {
  Bench bench;
  Client client(bench, "lag=latest");
  for (int i = 0; i < 20; ++i) {
    add(bench, 5);
    client.pull(65'536, 10);
  }
  EXPECT_EQ(client.sink.seqs().size(), 100U);
}

TEST(Lag, MoreThanOnePullBehindGoesOnWithTheNewest) {
  Bench bench;
  Client client(bench, "lag=latest");
  add(bench, 50, "a"), add(bench, 30, "b");
  EXPECT_EQ(client.pull(65'536, 10), Next::caught_up);
  EXPECT_EQ(client.sink.seqs(), (Seqs{50, 80}));
  EXPECT_EQ(merged(client), (Seqs{49, 29}));
  add(bench, 3, "a");
  client.pull(65'536, 10);
  EXPECT_EQ(client.sink.seqs(), (Seqs{50, 80, 81, 82, 83}));
}

TEST(Lag, WhatDoesNotMatchDoesNotMakeAClientLate) {
  Bench bench;
  Client client(bench, "lag=latest&devices=a");
  add(bench, 3, "a"), add(bench, 500, "b"), add(bench, 3, "a");
  EXPECT_EQ(client.pull(65'536, 10), Next::caught_up);
  EXPECT_EQ(client.sink.seqs().size(), 6U);
}

TEST(Lag, BehindTheTailTheNewestComeFromMemory) {
  Bench bench;
  Client client(bench, "lag=latest");
  add(bench, 50, "a"), add(bench, 1, "b"), add(bench, 10, "c");
  bench.latest.follow();
  bench.log.forget_before(60);
  EXPECT_EQ(client.drain(), Next::caught_up);
  EXPECT_EQ(client.cold_reads, 0U);
  EXPECT_EQ(client.sink.seqs(), (Seqs{50, 51, 61}));
  EXPECT_EQ(merged(client), (Seqs{1, 0, 1}));  // at least one was passed over
  EXPECT_EQ(client.subscription.cursor().seq, 61U);
}

TEST(Lag, AnAlarmIsNeverMergedAway) {
  Bench bench;
  Client client(bench, "lag=latest&kinds=reading,alarm");
  add(bench, 50, "a");
  bench.log.add_event(Kind::alarm, {"a", "m", R"("id":"x")"});
  add(bench, 50, "a");
  bench.latest.follow();
  bench.log.forget_before(90);
  EXPECT_EQ(client.drain(), Next::caught_up);
  EXPECT_EQ(client.sink.seqs(), (Seqs{51, 101}));
  EXPECT_EQ(merged(client), (Seqs{0, 99}));
  EXPECT_GT(client.cold_reads, 0U);
}

TEST(Lag, AMergedSetThatWasCutResumesWithoutLoss) {
  Bench bench;
  Client client(bench, "lag=latest");
  for (const auto* device : {"a", "b", "c", "d"}) add(bench, 10, device);
  EXPECT_EQ(client.pull(65'536, 2), Next::more);
  EXPECT_EQ(client.sink.seqs(), (Seqs{10, 20}));
  Client resumed(bench, "lag=latest&after=" + to_string(client.subscription.cursor()));
  EXPECT_EQ(resumed.pull(65'536, 2), Next::caught_up);
  EXPECT_EQ(resumed.sink.seqs(), (Seqs{30, 40}));
}

TEST(Lag, WithEveryTheNewestWaitForTheirTime) {
  Bench bench;
  Client client(bench, "lag=latest&every=1s");
  add(bench, 1);
  client.drain();
  add(bench, 20);
  bench.latest.follow();
  bench.log.forget_before(20);
  EXPECT_EQ(client.drain(), Next::later);
  wait(bench, 1s);
  EXPECT_EQ(client.drain(), Next::caught_up);
  EXPECT_EQ(client.sink.seqs(), (Seqs{1, 21}));
}

}  // namespace
}  // namespace weir::gateway
