#include "log/migrate.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <future>
#include <map>
#include <sstream>

#include "faults/proof.h"
#include "faults/simulated_disk.h"
#include "log/database.h"
#include "log/log.h"
#include "log/verify.h"
#include "log/vfs.h"
#include "support/manual_clock.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;
using faults::Operation;

/// tests/cases/log/schema-1 was written by the last version with schema 1, and killed: weir.db has four partitions up to number
/// 237, its WAL four records more. expected.txt is what that version read from it.
class MigrateTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : {"weir.db", "weir.db-wal"}) std::filesystem::copy_file(cases_ / name, folder_.path() / name);
  }

  std::unique_ptr<Log> open(const std::string& vfs = {}) {
    auto log = Log::open({.file = file_, .size_max = std::uint64_t{64} << 20U, .vfs = vfs, .background = false}, clock_,
                         {.on_commit = [] {}, .on_fatal = [](const Error& error) { FAIL() << error.message; }});
    EXPECT_TRUE(log) << log.error().message;
    return log ? std::move(*log) : nullptr;
  }

  std::string expected() const {
    std::ifstream in(cases_ / "expected.txt");
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

  static std::string text_of(const Value& value) {
    char text[64];
    if (const auto* number = std::get_if<double>(&value)) return std::snprintf(text, sizeof text, "d:%a", *number), text;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return "i:" + std::to_string(*integer);
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "b:true" : "b:false";
    return "s:" + std::get<std::string>(value);
  }

  static std::string text_of(const Record& record) {
    std::string text = std::to_string(record.seq) + " " + std::string(to_string(record.kind)) + " " + format_time(record.time) +
                       " " + format_time(record.received) + " " + std::string(to_string(record.quality)) +
                       (record.clock_unsynchronised ? " unsynchronised " : " ");
    if (record.series)
      return text + record.series->device + " " + record.series->metric + " [" + *record.unit + "] " + text_of(record.value);
    return text + record.event->device + " | " + record.event->metric + " | " + record.event->members;
  }

  static std::string text_of(Log& log) {
    std::string text = "epoch " + std::to_string(log.epoch()) + " head " + std::to_string(log.head()) + "\n";
    for (std::uint64_t after = 0; after < log.head();) {
      std::promise<Result<BlockPtr>> answer;
      log.read(after, 1000, [&](Result<BlockPtr> block) { answer.set_value(std::move(block)); });
      const auto block = answer.get_future().get();
      if (!block || !*block) break;
      for (const auto& record : (*block)->records) text += text_of(record) + "\n";
      after = (*block)->last();
    }
    return text;
  }

  /// A start in a process of its own, which ends when it is about to do the `nth` such operation. False: there are fewer.
  bool killed_at(Operation operation, std::uint64_t nth) {
    static auto& disk = *new faults::SimulatedDisk("killing");
    const auto child = fork();
    if (child == 0) {
      disk.reset(folder_.path());
      disk.arm({.operation = operation, .nth = nth, .cause = faults::Cause::kill});
      _exit(open(disk.vfs()).release() == nullptr ? 1 : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    EXPECT_TRUE(killed || status == 0) << status;
    return killed;
  }

  enum class Moment { before, in, behind };
  /// Where in the migration the files are.
  Moment moment() const {
    if (std::filesystem::exists(file_.string() + ".migrating")) return Moment::in;
    std::ifstream in(file_, std::ios::binary);
    in.seekg(63);  // the last byte of user_version
    return in.get() == 1 ? Moment::before : Moment::behind;
  }

  tests::TemporaryFolder folder_{faults::Proof::fast_folder()};  // many starts; no power is cut
  const std::filesystem::path cases_ = std::filesystem::path(WEIR_CASES) / "log" / "schema-1";
  const std::filesystem::path file_ = folder_.path() / "weir.db";
  ManualClock clock_{*parse_time("2026-03-01T15:00:00Z")};
};

TEST_F(MigrateTest, EveryRecordIsAsItWas) {
  auto log = open();
  EXPECT_EQ(text_of(*log), expected());
  EXPECT_EQ(log->oldest(), 1U);
  EXPECT_TRUE(log->stats().unclean_start);
  EXPECT_TRUE(log->stats().replaced.empty());
}

TEST_F(MigrateTest, WithoutAWalItEndsWhereTheFileEnds) {
  std::filesystem::remove(folder_.path() / "weir.db-wal");
  auto log = open();
  EXPECT_EQ(log->head(), 237U);
  EXPECT_FALSE(log->stats().unclean_start);
  log.reset();
  const auto verified = verify_log(file_);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_TRUE(verified->sound());
  EXPECT_EQ(verified->records, 237U);
}

TEST_F(MigrateTest, ItIsDoneOnce) {
  const auto first = text_of(*open());
  const auto again = text_of(*open());
  EXPECT_EQ(first, again);
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    EXPECT_EQ(entry.path().string().find("migrating"), std::string::npos);
}

TEST_F(MigrateTest, WhatTheLogKnowsBesidesIsThereToo) {
  auto log = open();
  std::map<std::string, std::string> consumers, commands, devices, newest;
  for (const auto& consumer : log->consumers()) consumers[consumer.name] = std::to_string(consumer.seq);
  EXPECT_EQ(consumers,
            (std::map<std::string, std::string>{{"reporter", "229"}, {"part-0", "80"}, {"part-1", "157"}, {"part-2", "234"}}));
  for (const auto& command : log->commands()) commands[command.id] = to_string(command.state);
  EXPECT_EQ(commands, (std::map<std::string, std::string>{{"c0", "succeeded"}, {"c1", "failed"}, {"c2", "queued"}}));
  for (const auto& device : log->devices()) devices[device.device] = device.reader;
  EXPECT_EQ(devices.at("bench-1"), "bench");
  EXPECT_EQ(devices.size(), 6U);
  for (const auto& record : log->newest()) newest[record.series->device + "/" + record.series->metric] = text_of(record.value);
  EXPECT_EQ(newest.at("boiler/temperature"), text_of(1.5));
  EXPECT_EQ(newest.at("bench-1/v"), text_of(5.5));
  EXPECT_EQ(newest.size(), 8U);
}

TEST_F(MigrateTest, LossesAreInTheLedger) {
  std::uint64_t count = 0;
  const auto log = open();
  for (const auto& loss : log->losses()) count += loss.count;
  EXPECT_EQ(count, 18U);
  EXPECT_EQ(log->losses().size(), 3U);
  EXPECT_EQ(log->losses().front().where, "mqtt field x/0");
}

TEST_F(MigrateTest, ReadingsOfNodesAndPushesThatWereTakenAreNotTakenAgain) {
  auto log = open();
  const auto head = log->head();
  Append node{.delivery = {.reader = "bench"}};
  node.delivery.mark = NodeMark{"bench-1", 9, 25};
  node.delivery.readings.push_back({.device = "bench-1", .metric = "v", .value = 5.5});
  const auto again = log->append_and_wait(std::move(node), 5s);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->accepted, 1U);
  EXPECT_EQ(log->head(), head);
  Append push{.delivery = {.reader = "http"}, .idempotency_key = "key-2"};
  push.delivery.readings.push_back({.device = "push", .metric = "n", .value = std::int64_t{2}});
  const auto repeated = log->append_and_wait(std::move(push), 5s);
  ASSERT_TRUE(repeated);
  EXPECT_TRUE(repeated->repeated);
  EXPECT_EQ(repeated->last, 233U);
}

TEST_F(MigrateTest, KilledAtAnyMomentItBeginsAnew) {
  std::map<Moment, int> killed;
  // A start that was killed behind the migration may have noticed something; all that was there is there.
  const auto records = expected().substr(expected().find('\n'));
  for (const auto operation : {Operation::open, Operation::write, Operation::sync, Operation::truncate, Operation::remove}) {
    for (std::uint64_t nth = 1; killed_at(operation, nth); ++nth) {
      ++killed[moment()];
      EXPECT_NE(text_of(*open()).find(records), std::string::npos)
          << "operation " << static_cast<int>(operation) << ", the " << nth << "th";
      for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) std::filesystem::remove_all(entry.path());
      SetUp();
    }
  }
  for (const auto when : {Moment::before, Moment::in, Moment::behind}) EXPECT_GT(killed[when], 0) << static_cast<int>(when);
}

TEST_F(MigrateTest, ADamagedRowCostsItsRecordsAndNothingElse) {
  {
    auto database = Database::open(file_, Database::Mode::create, "");
    ASSERT_TRUE(database->run("UPDATE journal_2 SET body = x'ff' WHERE first_seq = 84"));
  }
  auto log = open();
  const auto text = text_of(*log);
  EXPECT_EQ(text.find("\n84 "), std::string::npos);
  EXPECT_NE(text.find("\n241 "), std::string::npos);
  EXPECT_NE(text.find("\n1 "), std::string::npos);
}

TEST_F(MigrateTest, TheNewLogGoesOnBehindTheOldNumbers) {
  auto log = open();
  Append append{.delivery = {.reader = "field"}};
  append.delivery.readings.push_back({.device = "boiler", .metric = "temperature", .value = 3.0});
  const auto committed = log->append_and_wait(std::move(append), 5s);
  ASSERT_TRUE(committed);
  EXPECT_GT(committed->last, 241U);
}

}  // namespace
}  // namespace weir::gateway
