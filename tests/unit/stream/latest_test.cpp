#include "stream/latest.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "support/fake_log.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

CommandStatus command(const std::string& id, CommandState state) {
  CommandStatus status{.id = id, .device = "boiler", .name = "set", .args_json = R"({"target":21})", .state = state};
  status.by = "anna";
  status.created = status.deadline = from_nanoseconds(1'700'000'000'000'000'000);
  return status;
}

void add(FakeLog& log, const CommandStatus& status) {
  log.add_event(Kind::command, {status.device, "", command_members(status)});
}

TEST(Latest, FollowsTheNewestReadingOfEachSeries) {
  FakeLog log;
  Latest latest(log);
  EXPECT_FALSE(latest.follow());
  log.add_reading("boiler", "t", 1.0);
  log.add_reading("boiler", "p", 2.0);
  log.add_reading("boiler", "t", 3.0);
  EXPECT_TRUE(latest.follow());
  EXPECT_FALSE(latest.follow());
  EXPECT_EQ(latest.applied(), 3U);
  EXPECT_EQ(latest.newest(log.series("boiler", "t")->id)->seq, 3U);
  EXPECT_EQ(latest.previous(log.series("boiler", "t")->id), 1U);
  EXPECT_EQ(latest.newest(log.series("boiler", "p")->id)->seq, 2U);
  EXPECT_EQ(latest.previous(log.series("boiler", "p")->id), 0U);
  EXPECT_EQ(latest.newest(99), nullptr);
}

TEST(Latest, IsSeededFromTheLog) {
  FakeLog log;
  log.add_device("boiler", "online");
  log.add_reading("boiler", "t", 1.0);
  log.newest_at_start = {log.held().back()};
  log.devices_at_start = {{"boiler", DeviceState::online, "field", log.now}, {"pump", DeviceState::offline, "bench", log.now}};
  log.commands_at_start = {command("c1", CommandState::queued)};
  Latest latest(log);
  EXPECT_EQ(latest.applied(), 2U);
  EXPECT_EQ(latest.newest(0)->seq, 2U);
  EXPECT_EQ(latest.devices().at("boiler").state, "online");
  EXPECT_EQ(latest.devices().at("boiler").series, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(latest.devices().at("pump").state, "offline");
  EXPECT_EQ(latest.devices().at("pump").reader, "bench");
  ASSERT_NE(latest.command("c1"), nullptr);
  EXPECT_EQ(latest.command("c1")->state, CommandState::queued);
}

TEST(Latest, ASnapshotIsFilteredAndInSequence) {
  FakeLog log;
  Latest latest(log);
  for (const auto* device : {"c", "a", "b", "a", "c"}) log.add_reading(device, "t", 1.0);
  latest.follow();
  const auto seqs = [&latest](std::string_view devices, std::uint64_t after) {
    auto filter = Filter::parse("", devices, "");
    std::vector<std::uint64_t> found;
    for (const Record* record : latest.snapshot(*filter, after)) found.push_back(record->seq);
    return found;
  };
  EXPECT_EQ(seqs("", 0), (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_EQ(seqs("a,b", 0), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(seqs("", 4), (std::vector<std::uint64_t>{5}));
}

TEST(Latest, OnlyADeviceRecordChangesAState) {
  FakeLog log;
  Latest latest(log);
  log.add_device("boiler", "online", "field");
  log.add_device("boiler", "offline", "field");
  log.add_reading("boiler", "t", 1.0);
  log.add_reading("stranger", "t", 1.0);
  latest.follow();
  EXPECT_EQ(latest.devices().at("boiler").state, "offline");
  EXPECT_EQ(latest.devices().at("boiler").reader, "field");
  EXPECT_EQ(latest.devices().at("boiler").series.size(), 1U);
  EXPECT_EQ(latest.devices().at("boiler").last_seen, log.now - 1ms);
  EXPECT_EQ(latest.devices().at("stranger").state, "discovered");
  log.add_device("stranger", "online", "bench");
  latest.follow();
  EXPECT_EQ(latest.devices().at("stranger").state, "online");
  EXPECT_EQ(latest.devices().at("stranger").reader, "bench");
}

TEST(Latest, FollowsCommandsThroughTheirStates) {
  FakeLog log;
  log.commands_at_start = {command("c1", CommandState::queued)};
  log.commands_at_start[0].idempotency_key = "key";
  Latest latest(log);
  add(log, command("c2", CommandState::queued));
  add(log, command("c1", CommandState::sent));
  auto done = command("c1", CommandState::succeeded);
  done.result_json = R"({"target":21})";
  add(log, done);
  latest.follow();
  EXPECT_EQ(latest.command_ids(), (std::deque<std::string>{"c1", "c2"}));
  EXPECT_EQ(latest.command("c1")->state, CommandState::succeeded);
  EXPECT_EQ(latest.command("c1")->result_json, R"({"target":21})");
  EXPECT_EQ(latest.command("c1")->idempotency_key, "key");
  EXPECT_EQ(latest.command("c2")->state, CommandState::queued);
  EXPECT_EQ(latest.command("c3"), nullptr);
}

TEST(Latest, ForgetsTheOldestFinishedCommandsAndNoOpenOne) {
  FakeLog log;
  Latest latest(log);
  add(log, command("open", CommandState::sent));
  for (std::size_t i = 0; i < Latest::finished_commands_max + 10; ++i) {
    add(log, command("c" + std::to_string(i), CommandState::queued));
    add(log, command("c" + std::to_string(i), CommandState::failed));
  }
  latest.follow();
  EXPECT_EQ(latest.command_ids().size(), Latest::finished_commands_max + 1);
  EXPECT_NE(latest.command("open"), nullptr);
  EXPECT_EQ(latest.command("c9"), nullptr);
  EXPECT_NE(latest.command("c10"), nullptr);
}

TEST(Latest, ReadsColdWhatTheTailHasPassedAndMissesNothing) {
  FakeLog log;
  Latest latest(log);
  for (int i = 0; i < 10; ++i) log.add_reading("d" + std::to_string(i), "t", 1.0);
  log.forget_before(9);
  EXPECT_FALSE(latest.follow());
  EXPECT_TRUE(latest.cold());
  EXPECT_FALSE(latest.follow());
  for (int reads = 0; latest.cold(); ++reads) {
    ASSERT_LT(reads, 10);
    log.read(latest.applied(), 3, [&latest](Result<BlockPtr> block) { latest.feed(*block); });
    log.answer();
    latest.follow();
  }
  EXPECT_EQ(latest.applied(), 10U);
  EXPECT_EQ(latest.devices().size(), 10U);
}

TEST(Latest, RefusesDevicesBeyondTheLimitAndCountsThem) {
  FakeLog log;
  Latest latest(log);
  log.begin();
  for (std::size_t i = 0; i < limits::devices_max + 3; ++i) log.add_device("d" + std::to_string(i), "online");
  log.commit();
  latest.follow();
  EXPECT_EQ(latest.devices().size(), limits::devices_max);
  EXPECT_EQ(latest.devices_refused(), 3U);
}

TEST(Latest, AMalformedEventChangesNothing) {
  FakeLog log;
  Latest latest(log);
  log.add_event(Kind::device, {"boiler", "", "garbage"});
  log.add_event(Kind::command, {"boiler", "", R"("id":7)"});
  EXPECT_TRUE(latest.follow());
  EXPECT_TRUE(latest.devices().empty());
  EXPECT_TRUE(latest.command_ids().empty());
}

}  // namespace
}  // namespace weir::gateway
