#include "stream/subscription.h"

#include "client.h"

namespace weir::gateway {
namespace {

using Next = Subscription::Next;
using Seqs = std::vector<std::uint64_t>;
using namespace std::chrono_literals;

std::string at(std::uint64_t seq, std::uint32_t epoch = FakeLog::default_epoch) { return to_string(Cursor{epoch, seq}); }

void add(Bench& bench, int count, std::string_view device = "a", std::string_view metric = "m") {
  for (int i = 0; i < count; ++i) bench.log.add_reading(device, metric, static_cast<double>(i));
}

Seqs from_to(std::uint64_t first, std::uint64_t last) {
  Seqs seqs;
  for (std::uint64_t seq = first; seq <= last; ++seq) seqs.push_back(seq);
  return seqs;
}

// --- Where it begins

TEST(Subscription, StreamsBeginNowAndPagesAtTheOldest) {
  Bench bench;
  add(bench, 3);
  Client stream(bench, ""), page(bench, "", true), now(bench, "after=now", true), earliest(bench, "after=earliest");
  EXPECT_EQ(stream.pull(), Next::caught_up);
  add(bench, 1);
  EXPECT_EQ(stream.take(), (Seqs{4}));
  EXPECT_EQ(page.take(), from_to(1, 4));
  EXPECT_EQ(now.take(), (Seqs{4}));
  EXPECT_EQ(earliest.take(), from_to(1, 4));
}

TEST(Subscription, AConsumerGoesOnFromItsMarkUnlessTheQueryNamesAPlace) {
  Bench bench;
  add(bench, 5);
  Client durable(bench, "consumer=c", false, 2), placed(bench, "consumer=c&after=" + at(4), false, 2), first(bench, "consumer=c");
  EXPECT_EQ(durable.take(), from_to(3, 5));
  EXPECT_EQ(placed.take(), (Seqs{5}));
  EXPECT_EQ(first.take(), Seqs{});
}

TEST(Subscription, AnEmptyLogIsCaughtUp) {
  Bench bench;
  Client client(bench, "after=earliest");
  EXPECT_EQ(client.pull(), Next::caught_up);
  EXPECT_EQ(client.subscription.cursor(), (Cursor{FakeLog::default_epoch, 0}));
  EXPECT_TRUE(client.sink.received.empty());
}

// --- Budgets and cursors

TEST(Subscription, StopsAtTheBudgetAndSaysMoreOnlyWhereThereIsMore) {
  Bench bench;
  add(bench, 5);
  Client client(bench, "after=earliest");
  EXPECT_EQ(client.pull(65'536, 2), Next::more);
  EXPECT_EQ(client.sink.seqs(), from_to(1, 2));
  EXPECT_EQ(client.subscription.cursor().seq, 2U);
  EXPECT_EQ(client.pull(1), Next::more);  // exceeds its bytes by one record, never by two
  EXPECT_EQ(client.sink.seqs(), from_to(1, 3));
  EXPECT_EQ(client.pull(65'536, 2), Next::caught_up);
  EXPECT_EQ(client.sink.seqs(), from_to(1, 5));
}

TEST(Subscription, WhatDoesNotMatchMovesTheCursor) {
  Bench bench;
  add(bench, 1, "a"), add(bench, 4, "b"), add(bench, 1, "a"), add(bench, 4, "b");
  Client client(bench, "after=earliest&devices=a");
  EXPECT_EQ(client.pull(65'536, 1), Next::more);
  EXPECT_EQ(client.subscription.cursor().seq, 5U);
  EXPECT_EQ(client.pull(65'536, 1), Next::caught_up);
  EXPECT_EQ(client.sink.seqs(), (Seqs{1, 6}));
  EXPECT_EQ(client.subscription.cursor().seq, 10U);
}

TEST(Subscription, EveryRecordCarriesTheCursorThatResumesAfterIt) {
  Bench bench;
  add(bench, 3);
  Client client(bench, "after=earliest");
  client.drain();
  for (const auto& one : client.sink.received) EXPECT_EQ(one.cursor, (Cursor{FakeLog::default_epoch, one.seq()}));
}

TEST(Subscription, TextsAreEncodedOnceForAllClients) {
  Bench bench;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(std::make_unique<Client>(bench, ""));
  add(bench, 7);
  for (auto& client : clients) EXPECT_EQ(client->take(), from_to(1, 7));
  EXPECT_EQ(bench.encoded.encoded(), 7U);
}

// --- Gaps

TEST(Subscription, AnExpiredCursorGetsAGapThenTheOldest) {
  Bench bench;
  add(bench, 10);
  bench.log.drop_before(6);
  Client client(bench, "after=" + at(2));
  EXPECT_EQ(client.subscription.cursor(), (Cursor{FakeLog::default_epoch, 2}));  // the gap was not sent yet
  client.drain();
  ASSERT_EQ(client.sink.gaps().size(), 1U);
  const auto& gap = client.sink.received.front();
  EXPECT_TRUE(gap.is_gap);
  EXPECT_EQ(gap.json.dump(), R"({"from":"5f3a9c01-2","kind":"gap","lost":3,"reason":"expired","to":"5f3a9c01-5"})");
  EXPECT_EQ(gap.cursor.seq, 5U);
  EXPECT_EQ(client.sink.seqs(), from_to(6, 10));
}

TEST(Subscription, TheLastDroppedCursorHasLostNothing) {
  Bench bench;
  add(bench, 10);
  bench.log.drop_before(6);
  Client client(bench, "after=" + at(5));
  EXPECT_EQ(client.take(), from_to(6, 10));
  EXPECT_TRUE(client.sink.gaps().empty());
}

TEST(Subscription, ACursorOfAnotherEpochGetsAGapThenTheOldest) {
  Bench bench;
  add(bench, 3);
  Client client(bench, "after=" + at(700, 0xdeadbeef));
  client.drain();
  ASSERT_EQ(client.sink.gaps().size(), 1U);
  EXPECT_EQ(client.sink.gaps()[0].dump(), R"({"from":"deadbeef-700","kind":"gap","lost":0,"reason":"epoch","to":"5f3a9c01-0"})");
  EXPECT_EQ(client.sink.seqs(), from_to(1, 3));
}

TEST(Subscription, ACursorBeyondTheHeadGetsAGapAndGoesOnAtTheHead) {
  Bench bench;
  add(bench, 3);
  Client client(bench, "after=" + at(50));
  client.drain();
  ASSERT_EQ(client.sink.gaps().size(), 1U);
  EXPECT_EQ(client.sink.gaps()[0]["reason"], "epoch");
  EXPECT_EQ(client.sink.gaps()[0]["lost"], 0);
  add(bench, 1);
  client.drain();
  EXPECT_EQ(client.sink.seqs(), (Seqs{4}));
}

TEST(Subscription, RetentionThatPassesASlowClientIsAGap) {
  Bench bench;
  add(bench, 10);
  Client client(bench, "after=earliest");
  EXPECT_EQ(client.pull(65'536, 2), Next::more);
  bench.log.drop_before(8);
  client.drain();
  ASSERT_EQ(client.sink.gaps().size(), 1U);
  EXPECT_EQ(client.sink.gaps()[0]["lost"], 5);
  EXPECT_EQ(client.sink.seqs(), (Seqs{1, 2, 8, 9, 10}));
}

TEST(Subscription, RetentionBetweenAColdQuestionAndItsAnswerIsAGap) {
  Bench bench;
  add(bench, 10);
  bench.log.forget_before(9);
  Subscription subscription = bench.subscribe("after=earliest");
  CollectingSink sink;
  ASSERT_EQ(subscription.pull(sink, 65'536, 100, bench.now), Next::cold);
  bench.log.read(subscription.cold_request(), 100, [&](Result<BlockPtr> block) { subscription.feed(*block); });
  bench.log.drop_before(5);
  bench.log.answer();
  EXPECT_EQ(subscription.pull(sink, 65'536, 100, bench.now), Next::caught_up);
  ASSERT_EQ(sink.gaps().size(), 1U);
  EXPECT_EQ(sink.gaps()[0]["lost"], 4);
  EXPECT_EQ(sink.seqs(), from_to(5, 10));
}

TEST(Subscription, AHoleInTheNumbersIsNoGap) {
  Bench bench;
  add(bench, 3);
  bench.log.jump_to(100);
  add(bench, 2);
  bench.log.forget_before(100);
  Client client(bench, "after=earliest");
  EXPECT_EQ(client.take(), (Seqs{1, 2, 3, 100, 101}));
  Client resumed(bench, "after=" + at(3));
  EXPECT_EQ(resumed.take(), (Seqs{100, 101}));
  EXPECT_TRUE(client.sink.gaps().empty());
}

// --- Cold reads

TEST(Subscription, ReadsFromDiskWhatTheTailHasPassed) {
  Bench bench;
  add(bench, 50);
  bench.log.forget_before(41);
  Client client(bench, "after=" + at(10));
  Next next = client.pull(65'536, 100, 7);
  EXPECT_EQ(next, Next::caught_up);
  EXPECT_EQ(client.sink.seqs(), from_to(11, 50));
  EXPECT_EQ(client.cold_reads, 5U);
  EXPECT_LE(bench.encoded.encoded(), 10U);  // the disk's records don't crowd the shared ones out
}

TEST(Subscription, ANullAnswerIsAskedAgainLaterNotAtOnce) {
  Bench bench;
  add(bench, 5);
  bench.log.forget_before(6);
  Subscription subscription = bench.subscribe("after=earliest");
  CollectingSink sink;
  ASSERT_EQ(subscription.pull(sink, 65'536, 100, bench.now), Next::cold);
  subscription.feed(nullptr);
  ASSERT_EQ(subscription.pull(sink, 65'536, 100, bench.now), Next::later);
  EXPECT_GT(*subscription.wake_at(), bench.now);
  EXPECT_EQ(subscription.pull(sink, 65'536, 100, *subscription.wake_at()), Next::cold);
}

// --- until

TEST(Subscription, EndsAfterUntilAlsoWhereThatRecordDoesNotMatch) {
  Bench bench;
  add(bench, 4, "a"), add(bench, 1, "b"), add(bench, 4, "a");
  Client client(bench, "after=earliest&devices=a&until=" + at(5));
  EXPECT_EQ(client.drain(), Next::ended);
  EXPECT_EQ(client.sink.seqs(), from_to(1, 4));
  EXPECT_EQ(client.drain(), Next::ended);
  EXPECT_EQ(client.sink.seqs().size(), 4U);
}

TEST(Subscription, UntilInTheFutureIsReachedLive) {
  Bench bench;
  Client client(bench, "until=" + at(2));
  add(bench, 1);
  EXPECT_EQ(client.drain(), Next::caught_up);
  add(bench, 3);
  EXPECT_EQ(client.drain(), Next::ended);
  EXPECT_EQ(client.sink.seqs(), from_to(1, 2));
}

TEST(Subscription, UntilOfAnotherEpochOrBehindTheStartEndsAtOnce) {
  Bench bench;
  add(bench, 3);
  Client other(bench, "after=earliest&until=" + at(2, 7)), behind(bench, "after=" + at(2) + "&until=" + at(1));
  EXPECT_EQ(other.drain(), Next::ended);
  EXPECT_EQ(behind.drain(), Next::ended);
  EXPECT_TRUE(other.sink.received.empty());
  EXPECT_TRUE(behind.sink.received.empty());
}

// --- snapshot

TEST(Subscription, ASnapshotIsTheNewestOfEachSeriesThenTheStream) {
  Bench bench;
  add(bench, 3, "a"), add(bench, 2, "b"), add(bench, 1, "a");  // newest: b 5, a 6
  Client client(bench, "snapshot=1");
  add(bench, 1, "b");
  // b's newest is 7 by now: it comes live, once.
  EXPECT_EQ(client.take(), (Seqs{6, 7}));
  Client other(bench, "snapshot=1");
  EXPECT_EQ(other.take(), (Seqs{6, 7}));
  add(bench, 1, "a");
  EXPECT_EQ(other.take(), (Seqs{8}));
}

TEST(Subscription, ASnapshotThatWasCutResumesWithoutLoss) {
  Bench bench;
  add(bench, 3, "a"), add(bench, 2, "b"), add(bench, 1, "c");
  Client client(bench, "snapshot=1");
  EXPECT_EQ(client.subscription.cursor().seq, 2U);
  EXPECT_EQ(client.pull(65'536, 1), Next::more);
  EXPECT_EQ(client.sink.seqs(), (Seqs{3}));
  EXPECT_EQ(client.subscription.cursor().seq, 3U);
  Client resumed(bench, "snapshot=1&after=" + to_string(client.subscription.cursor()));
  EXPECT_EQ(resumed.take(), (Seqs{4, 5, 6}));
}

TEST(Subscription, ASnapshotBeyondUntilKeepsTheCursorBeforeIt) {
  Bench bench;
  add(bench, 1, "a"), add(bench, 1, "b");
  Client client(bench, "snapshot=1&until=" + at(2));
  add(bench, 1, "a");
  EXPECT_EQ(client.drain(), Next::ended);
  EXPECT_EQ(client.sink.seqs(), (Seqs{3, 2}));
  EXPECT_EQ(client.sink.received[0].cursor.seq, 1U);
}

// --- rate

TEST(Subscription, RateHoldsInEverySecond) {
  for (const unsigned rate : {1U, 3U, 20U, 100U, 1000U}) {
    Bench bench;
    add(bench, 5000);
    Client client(bench, "after=earliest&rate=" + std::to_string(rate));
    std::vector<Monotonic> sent;
    const Monotonic end = bench.now + 4s;
    while (bench.now < end) {
      const auto next = client.drain();
      sent.resize(client.sink.seqs().size(), bench.now);
      ASSERT_EQ(next, Next::later);
      ASSERT_GT(*client.subscription.wake_at(), bench.now);
      bench.now = *client.subscription.wake_at();
    }
    EXPECT_GE(sent.size(), 4 * rate - 1) << rate;
    for (std::size_t i = rate; i < sent.size(); ++i) ASSERT_GE(sent[i] - sent[i - rate], 1s - 1us) << rate;
    EXPECT_EQ(client.sink.seqs(), from_to(1, sent.size()));
  }
}

TEST(Subscription, PagesAreNotSlowedDown) {
  Bench bench;
  add(bench, 100);
  Client client(bench, "rate=1&every=10s&flush=10s", true);
  EXPECT_EQ(client.drain(), Next::caught_up);
  EXPECT_EQ(client.sink.seqs(), (Seqs{100}));
}

// --- flush

TEST(Subscription, FlushGathersAtMostThatLong) {
  Bench bench;
  Client client(bench, "flush=20ms");
  add(bench, 1);
  const Monotonic first = bench.now;
  EXPECT_EQ(client.pull(), Next::later);
  EXPECT_EQ(*client.subscription.wake_at(), first + 20ms);
  bench.now += 10ms;
  add(bench, 1);
  EXPECT_EQ(client.pull(), Next::later);
  EXPECT_EQ(*client.subscription.wake_at(), first + 20ms);
  EXPECT_TRUE(client.sink.received.empty());
  bench.now += 10ms;
  EXPECT_EQ(client.pull(), Next::caught_up);
  EXPECT_EQ(client.sink.seqs(), from_to(1, 2));
  add(bench, 1);
  EXPECT_EQ(client.pull(), Next::later);  // a new interval
  EXPECT_EQ(*client.subscription.wake_at(), first + 40ms);
}

TEST(Subscription, FlushDoesNotHoldBackAFullWrite) {
  Bench bench;
  Client client(bench, "flush=1s");
  add(bench, 100);
  EXPECT_EQ(client.pull(65'536, 100), Next::caught_up);
  EXPECT_EQ(client.sink.seqs().size(), 100U);
}

// --- Consumers

TEST(Subscription, MarksBacklogOfAConsumer) {
  Bench bench;
  const Timestamp t0 = bench.log.now;
  bench.log.add_reading("a", "m", 1.0, t0 + 10s);
  Client client(bench, "consumer=c", false, 0), plain(bench, "after=earliest");
  bench.log.add_reading("a", "m", 2.0, t0 + 20s);
  bench.log.add_reading("a", "m", 3.0, t0 + 15s);
  bench.log.add_reading("b", "m", 4.0, t0 + 1s);
  bench.log.add_reading("a", "m", 5.0, t0 + 21s);
  client.drain(), plain.drain();
  std::vector<bool> marked;
  for (const auto& one : client.sink.received) marked.push_back(one.json.contains("backlog"));
  EXPECT_EQ(marked, (std::vector<bool>{false, false, true, false, false}));
  for (const auto& one : plain.sink.received) EXPECT_FALSE(one.json.contains("backlog"));
}

TEST(Subscription, AConsumerThatComesBackKnowsWhatItHad) {
  Bench bench;
  const Timestamp t0 = bench.log.now;
  bench.log.add_reading("a", "m", 1.0, t0 + 10s);
  Client client(bench, "consumer=c", false, 1);
  bench.log.add_reading("a", "m", 2.0, t0 + 5s);
  client.drain();
  ASSERT_EQ(client.sink.received.size(), 1U);
  EXPECT_EQ(client.sink.received[0].json["backlog"], true);
}

}  // namespace
}  // namespace weir::gateway
