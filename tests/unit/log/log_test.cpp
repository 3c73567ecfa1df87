#include "log/log.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <random>
#include <thread>

#include "base/limits.h"
#include "support/manual_clock.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

Reading reading(std::string metric, Value value) {
  return {.device = "boiler", .metric = std::move(metric), .value = std::move(value), .unit = "Cel"};
}

class LogTest : public testing::Test {
 protected:
  std::unique_ptr<Log> open() {
    auto log = Log::open(options(), clock_,
                         {.on_commit =
                              [this] {
                                std::lock_guard lock(mutex_);
                                ++commits_;
                                changed_.notify_all();
                              },
                          .on_fatal = [](const Error& error) { FAIL() << error.message; }});
    EXPECT_TRUE(log) << log.error().message;
    return std::move(*log);
  }

  LogOptions options() const {
    return {.file = folder_.path() / "weir.db", .durability = durability_, .size_max = size_max_, .age_max = age_max_};
  }

  Committed put(Log& log, const Append& append) {
    auto committed = log.append_and_wait(Append(append), 5s);
    // As a reader does: under a sanitizer a fold may take longer than a commit waits for it.
    for (int again = 0; again < 20 && !committed && committed.error().code == ErrorCode::full; ++again)
      committed = log.append_and_wait(Append(append), 5s);
    EXPECT_TRUE(committed) << committed.error().message;
    return committed ? *committed : Committed{};
  }
  Committed put(Log& log, std::string metric, Value value) {
    return put(log, {.delivery = {.reader = "test", .readings = {reading(std::move(metric), std::move(value))}}});
  }

  static BlockPtr read(Log& log, std::uint64_t after, std::size_t max = 1000) {
    std::promise<Result<BlockPtr>> answer;
    log.read(after, max, [&](Result<BlockPtr> block) { answer.set_value(std::move(block)); });
    auto block = answer.get_future().get();
    EXPECT_TRUE(block) << block.error().message;
    return block ? *block : nullptr;
  }

  template <class Condition>
  void wait_for_commit(Condition condition) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 10s, condition));
  }

  tests::TemporaryFolder folder_;
  ManualClock clock_;
  Durability durability_ = Durability::bounded;
  std::uint64_t size_max_ = std::uint64_t{64} << 20U;
  std::chrono::nanoseconds age_max_ = 24h * 30;
  std::mutex mutex_;
  std::condition_variable changed_;
  int commits_ = 0;
};

/// A text that does not pack.
std::string noise(std::size_t size) {
  static std::minstd_rand random;
  std::string text(size, ' ');
  for (auto& c : text) c = static_cast<char>(' ' + random() % 90);
  return text;
}

std::vector<std::uint64_t> readings_of(const Block& block) {
  std::vector<std::uint64_t> values;
  for (const auto& record : block.records) {
    if (record.kind == Kind::reading) values.push_back(static_cast<std::uint64_t>(std::get<std::int64_t>(record.value)));
  }
  return values;
}

TEST_F(LogTest, WhatIsCommittedIsInTheTailAndOnDisk) {
  auto log = open();
  const auto committed = put(*log, "temperature", 21.5);
  EXPECT_EQ(committed.last, log->head());
  std::vector<BlockPtr> tail;
  ASSERT_EQ(log->read_tail(0, 100, tail), Log::TailRead::ok);
  const auto block = read(*log, 0);
  ASSERT_TRUE(block);
  ASSERT_EQ(block->records.size(), 2U);  // the device comes online, then the reading
  EXPECT_EQ(block->records[0].kind, Kind::device);
  EXPECT_EQ(block->records[0].event->members, R"("device":"boiler","state":"online","reader":"test")");
  EXPECT_EQ(block->records[1].value, Value(21.5));
  EXPECT_EQ(*block->records[1].unit, "Cel");
  EXPECT_EQ(tail.back()->records.back().seq, block->records.back().seq);
}

TEST_F(LogTest, ARestartKeepsEpochNumbersAndNewestValues) {
  auto log = open();
  const auto epoch = log->epoch();
  put(*log, "temperature", 1.0);
  put(*log, "temperature", 2.0);
  const auto head = log->head();
  log.reset();
  log = open();
  EXPECT_EQ(log->epoch(), epoch);
  EXPECT_EQ(log->head(), head);
  ASSERT_EQ(log->newest().size(), 1U);
  EXPECT_EQ(log->newest()[0].value, Value(2.0));
  EXPECT_EQ(log->devices().at(0).state, DeviceState::online);
  EXPECT_FALSE(log->stats().unclean_start);
  EXPECT_EQ(put(*log, "temperature", 3.0).last, head + 1);
}

TEST_F(LogTest, EveryDurabilityOpensWhatAnotherOneWrote) {
  std::uint64_t expected = 0;
  for (const auto durability :
       {Durability::fast, Durability::strict, Durability::bounded, Durability::strict, Durability::fast}) {
    durability_ = durability;
    auto log = open();
    EXPECT_EQ(log->head(), expected);
    expected = put(*log, "temperature", 20.5).last;
  }
}

TEST_F(LogTest, WhatWasAcknowledgedSurvivesAKill) {
  int acknowledged[2];
  ASSERT_EQ(pipe(acknowledged), 0);
  const auto child = fork();
  if (child == 0) {
    auto log = open();
    for (std::int64_t i = 1;; ++i) {
      put(*log, "count", i);
      if (write(acknowledged[1], &i, sizeof i) != sizeof i) _exit(1);
    }
  }
  close(acknowledged[1]);
  std::int64_t last = 0;
  while (last < 500) ASSERT_EQ(::read(acknowledged[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  while (::read(acknowledged[0], &last, sizeof last) > 0) {
  }
  close(acknowledged[0]);
  auto log = open();
  EXPECT_TRUE(log->stats().unclean_start);
  const auto block = read(*log, 0, 1'000'000);
  ASSERT_TRUE(block);
  const auto values = readings_of(*block);
  ASSERT_GE(values.size(), static_cast<std::size_t>(last));
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], i + 1);
}

TEST_F(LogTest, ANodesReadingIsTakenOnceHoweverOftenItIsSent) {
  const auto send = [](std::uint32_t boot, std::uint32_t first, std::int64_t from, std::int64_t to) {
    Append append{.delivery = {.reader = "serial", .mark = NodeMark{"node-1", boot, first}}};
    for (auto i = from; i <= to; ++i) append.delivery.readings.push_back(reading("count", i));
    return append;
  };
  auto log = open();
  EXPECT_EQ(put(*log, send(7, 1, 1, 3)).accepted, 3U);
  EXPECT_EQ(put(*log, send(7, 1, 1, 3)).accepted, 3U);
  EXPECT_EQ(put(*log, send(7, 2, 2, 5)).accepted, 4U);
  log.reset();
  log = open();
  put(*log, send(7, 4, 4, 6));
  put(*log, send(8, 1, 7, 8));  // the node has restarted
  EXPECT_EQ(readings_of(*read(*log, 0)), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(log->stats().duplicates, 2U);
}

TEST_F(LogTest, ARepeatedIdempotencyKeyAnswersAsBeforeAndAppendsNothing) {
  auto log = open();
  const auto push = [&](const char* key) {
    return put(*log,
               {.delivery = {.reader = "http", .readings = {reading("a", 1.0), reading("b", 2.0)}}, .idempotency_key = key});
  };
  const auto first = push("k1");
  const auto again = push("k1");
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.last, first.last);
  EXPECT_EQ(again.accepted, 2U);
  EXPECT_EQ(log->head(), first.last);
  log.reset();
  log = open();
  EXPECT_TRUE(push("k1").repeated);
  EXPECT_FALSE(push("k2").repeated);
}

TEST_F(LogTest, DeviceStatesAreRecordedOnceForEachChange) {
  auto log = open();
  put(*log, "a", 1.0);
  put(*log, "a", 2.0);
  put(*log, {.delivery = {.reader = "test", .devices = {{"boiler", DeviceState::offline}}}});
  put(*log, {.delivery = {.reader = "test", .devices = {{"boiler", DeviceState::offline}}}});
  put(*log, "a", 3.0);
  std::vector<std::string> states;
  const auto block = read(*log, 0);
  for (const auto& record : block->records) {
    if (record.kind == Kind::device) states.push_back(record.event->members.substr(18, 15));
  }
  EXPECT_EQ(states, (std::vector<std::string>{R"("state":"online)", R"("state":"offlin)", R"("state":"online)"}));
}

TEST_F(LogTest, RepeatedLossesBecomeOneRecordASecondAndEachIsCounted) {
  auto log = open();
  const auto lose = [&] {
    put(*log, {.delivery = {.reader = "field", .losses = {{.where = "mqtt field x", .reason = "undecodable"}}}});
  };
  lose();
  lose();
  lose();
  EXPECT_EQ(log->stats().losses, 3U);
  EXPECT_EQ(log->head(), 1U);
  clock_.advance(1100ms);
  lose();
  const auto block = read(*log, 0);
  ASSERT_EQ(block->records.size(), 2U);
  EXPECT_NE(block->records[1].event->members.find("\"count\":3"), std::string::npos) << block->records[1].event->members;
}

TEST_F(LogTest, AsynchronousAppendsAreCommittedInOrder) {
  auto log = open();
  std::vector<std::uint64_t> order;
  std::mutex mutex;
  for (std::int64_t i = 0; i < 100; ++i) {
    Append append{.delivery = {.reader = "test", .readings = {reading("count", i)}}};
    ASSERT_TRUE(log->append(std::move(append), [&](const Result<Committed>& committed) {
      std::lock_guard lock(mutex);
      order.push_back(committed->last);
    }));
  }
  wait_for_commit([&] { return log->head() == 101; });
  log->close();
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(LogTest, ManyThreadsShareCommitsAndNothingIsLostOrDoubled) {
  auto log = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::int64_t i = 0; i < 250; ++i) put(*log, "metric-" + std::to_string(t), i);
    });
  }
  for (auto& thread : threads) thread.join();
  const auto block = read(*log, 0, 10'000);
  std::map<std::string, std::int64_t> next;
  for (const auto& record : block->records) {
    if (record.kind != Kind::reading) continue;
    EXPECT_EQ(std::get<std::int64_t>(record.value), next[record.series->metric]++);
  }
  for (const auto& [metric, count] : next) EXPECT_EQ(count, 250) << metric;
}

TEST_F(LogTest, AFullQueueRefusesAndTakesNothing) {
  auto log = open();
  Append large{.delivery = {.reader = "test"}};
  large.delivery.readings.assign(limits::log_queue_readings_max, reading("a", 1.0));
  std::size_t refused = 0;
  for (int i = 0; i < 50; ++i) {
    auto copy = large;
    if (!log->append(std::move(copy), [](const Result<Committed>&) {})) ++refused;
  }
  EXPECT_GT(refused, 0U);
  EXPECT_EQ(log->stats().refused, refused);
}

TEST_F(LogTest, RetentionBySizeDropsTheOldestAndSaysSo) {
  size_max_ = std::uint64_t{16} << 20U;
  auto log = open();
  for (int i = 0; i < 16000 && log->oldest() == 1; ++i) {
    put(*log, "text", noise(4000));
    if (i % 200 == 0) {
      clock_.advance(1100ms);  // maintenance is due
      put(*log, "tick", std::int64_t{i});
    }
  }
  wait_for_commit([&] { return log->stats().dropped_records + log->stats().thinned_records > 0; });
  EXPECT_GT(log->oldest(), 1U);
  EXPECT_LE(log->stats().bytes, size_max_);
  const auto block = read(*log, 0, 10);
  EXPECT_EQ(block->first(), log->oldest());
}

TEST_F(LogTest, RetentionByAgeWaitsForADurableConsumer) {
  age_max_ = 1h;
  auto log = open();
  put(*log, "a", 1.0);
  Append consumer;
  consumer.consumers.push_back({.name = "cloud", .seq = 1});
  put(*log, std::move(consumer));
  const auto pass_an_hour = [&] {
    const auto head = log->head();
    for (int i = 0; i < 4; ++i) {
      clock_.advance(31min);
      put(*log, "a", 2.0);
      Append wake;  // the log thread looks at its timers when something waits
      std::promise<void> done;
      ASSERT_TRUE(log->append(std::move(wake), [&](const auto&) { done.set_value(); }));
      done.get_future().get();
    }
    ASSERT_GT(log->head(), head);
  };
  pass_an_hour();
  pass_an_hour();
  EXPECT_EQ(log->oldest(), 1U);
  Append acknowledged;
  acknowledged.consumers.push_back({.name = "cloud", .seq = log->head()});
  put(*log, std::move(acknowledged));
  pass_an_hour();
  wait_for_commit([&] { return log->oldest() > 1; });
}

TEST_F(LogTest, ADamagedFileIsSetAsideAndANewEpochBegins) {
  auto log = open();
  put(*log, "a", 1.0);
  const auto epoch = log->epoch();
  log.reset();
  std::ofstream(options().file, std::ios::binary | std::ios::trunc)
      << "this is not a database, it only has its name, and is long enough";
  log = open();
  EXPECT_NE(log->epoch(), epoch);
  EXPECT_EQ(log->head(), 0U);
  EXPECT_TRUE(std::filesystem::exists(log->stats().replaced));
  put(*log, "a", 1.0);
}

TEST_F(LogTest, ASecondGatewayOnTheSameFolderIsRefused) {
  auto log = open();
  auto second = Log::open(options(), clock_, {[] {}, [](const Error&) {}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST_F(LogTest, TimesAreFoundByWhenARecordWasReceived) {
  auto log = open();
  put(*log, "a", 1.0);
  const auto before = log->head();
  clock_.advance(1h);
  const auto since = clock_.wall();
  put(*log, "a", 2.0);
  std::promise<std::uint64_t> found;
  log->find_time(since, [&](Result<std::uint64_t> seq) { found.set_value(*seq); });
  EXPECT_EQ(found.get_future().get(), before);
}

TEST_F(LogTest, CommandsAndConsumersAreThereAfterARestart) {
  auto log = open();
  CommandStatus command{.id = "c1", .device = "boiler", .name = "set", .args_json = R"({"target":40})", .by = "token:x"};
  command.created = command.deadline = clock_.wall();
  command.idempotency_key = "k";
  Append append;
  append.commands.push_back(command);
  append.consumers.push_back({.name = "cloud", .seq = 5});
  put(*log, std::move(append));
  const auto block = read(*log, 0);
  const auto record = block->records.at(0);
  EXPECT_EQ(record.kind, Kind::command);
  const auto parsed = command_from_members(record.event->members);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->args_json, command.args_json);
  log.reset();
  log = open();
  ASSERT_EQ(log->commands().size(), 1U);
  EXPECT_EQ(log->commands()[0].idempotency_key, "k");
  EXPECT_EQ(log->consumers().at(0).seq, 5U);
}

}  // namespace
}  // namespace weir::gateway
