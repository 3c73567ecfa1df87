// Clocks that are set, order, danger, read-back, the audit.
#include <filesystem>

#include "access/audit.h"
#include "commands/trail.h"
#include "unit/commands/commands_fixture.h"

namespace weir::gateway {
namespace {

using Steps = std::vector<std::string>;
constexpr auto ten_years = std::chrono::hours(24 * 3650);

// ---- Time

TEST_F(CommandsTest, AClockSetTenYearsAheadExpiresNothing) {
  reader_.connect(false);
  const auto status = submit(named("heat", R"({"target":1})"));
  clock_.step_wall(ten_years);
  reader_.connect(true);
  const auto given = reader_.wait_for_command();
  EXPECT_EQ(given.id, status->id);
  EXPECT_GT(given.deadline, clock_.wall()) << "the device is told the deadline by the clock as it is now";
  EXPECT_LT(given.deadline, clock_.wall() + 20s);
}

TEST_F(CommandsTest, AClockSetTenYearsBackProlongsNothing) {
  reader_.connect(false);
  const auto queued = submit(set_target());
  clock_.step_wall(-ten_years);
  EXPECT_EQ(states(queued->id, CommandState::expired), (Steps{"queued", "expired"}));
}

TEST_F(CommandsTest, AClockSetBackDuringARestartProlongsNothing) {
  reader_.connect(false);
  const auto queued = submit(set_target());
  stop();
  clock_.step_wall(-ten_years);
  start();
  EXPECT_EQ(states(queued->id, CommandState::expired), (Steps{"expired"}));
}

TEST_F(CommandsTest, IdsRiseThoughTheClockIsSetBack) {
  const auto first = submit(set_target());
  clock_.step_wall(-ten_years);
  const auto second = submit(set_target());
  stop();
  start();
  const auto third = submit(set_target());
  EXPECT_LT(first->id, second->id);
  EXPECT_LT(second->id, third->id);
}

// ---- Order

TEST_F(CommandsTest, GoOutInTheOrderOfAcceptance) {
  reader_.connect(false);
  std::vector<std::string> accepted;
  for (int i = 0; i < 20; ++i) accepted.push_back(submit(named("heat", R"({"target":)" + std::to_string(i) + "}"))->id);
  reader_.connect(true);
  for (std::size_t i = 0; i < accepted.size(); ++i) EXPECT_EQ(reader_.wait_for_command(i + 1).id, accepted[i]);
}

TEST_F(CommandsTest, TheSecondWaitsUntilTheFirstHasLeft) {
  reader_.hold();
  EXPECT_TRUE(submit(named("heat", R"({"target":1})")));
  reader_.wait_for_command();
  const auto second = submit(named("heat", R"({"target":2})"));
  on_loop([] {});
  EXPECT_EQ(reader_.given(), 1U);
  on_loop([&] { reader_.release(); });
  EXPECT_EQ(reader_.wait_for_command(2).id, second->id);
}

TEST_F(CommandsTest, OneDeviceHasRoomForSoMany) {
  reader_.connect(false);
  for (std::size_t i = 0; i < Commands::device_open_max; ++i) ASSERT_TRUE(submit(named("heat", R"({"target":1})")));
  EXPECT_EQ(submit(named("heat", R"({"target":1})")).error().code, ErrorCode::full);
}

TEST_F(CommandsTest, WhatAReaderCanNeverSendFailsAtOnce) {
  reader_.take_nothing();
  const auto status = submit(named("heat", R"({"target":1})"));
  EXPECT_EQ(states(status->id, CommandState::failed), (Steps{"queued", "failed"}));
  EXPECT_EQ(reader_.given(), 0U);
}

// ---- Once

TEST_F(CommandsTest, ARepeatedAnswerChangesNothing) {
  const auto status = submit(set_target());
  wait_until_sent(status->id);
  EXPECT_TRUE(reply(status->id));
  EXPECT_TRUE(reply(status->id, false));
  EXPECT_EQ(states(status->id, CommandState::succeeded), (Steps{"queued", "sent", "succeeded"}));
}

TEST_F(CommandsTest, AnAnswerToWhatWasNotSentIsStray) {
  reader_.connect(false);
  const auto status = submit(named("heat", R"({"target":1})"));
  EXPECT_TRUE(reply(status->id));
  EXPECT_EQ(commands_->stray_replies(), 1U);
}

TEST_F(CommandsTest, AKeyIsKnownAfterARestart) {
  auto request = set_target();
  request.idempotency_key = "k";
  const auto first = submit(request);
  wait_until_sent(first->id);
  reply(first->id);
  states(first->id, CommandState::succeeded);
  stop();
  start();
  EXPECT_EQ(submit(request)->id, first->id);
  EXPECT_EQ(reader_.given(), 1U);
}

TEST_F(CommandsTest, AKeyThatIsNoLongerRememberedIsRefusedNotExecuted) {
  auto request = named("heat", R"({"target":1})");
  request.idempotency_key = "k";
  reader_.take_nothing();
  const auto first = submit(request);
  states(first->id, CommandState::failed);
  for (std::size_t i = 0; i < limits::commands_finished_max; ++i)
    while (!submit(named("heat", R"({"target":2})"))) std::this_thread::yield();
  Result<CommandStatus> again = submit(request);
  for (int i = 0; i < 1000 && again; ++i) again = submit(request);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict) << again.error().message;
}

// ---- Arguments at their edges

TEST(CommandArguments, NumbersAtTheirEdges) {
  const DeclaredCommand declared{.name = "set",
                                 .args = {{.name = "n", .type = ArgumentType::number, .min = 0, .max = 1e300, .required = false},
                                          {.name = "i", .type = ArgumentType::integer, .required = false}}};
  const auto fits = [&](const std::string& args) { return check_arguments(declared, args).ok(); };
  EXPECT_TRUE(fits(R"({"n":-0.0})"));
  EXPECT_TRUE(fits(R"({"n":1e300})"));
  EXPECT_FALSE(fits(R"({"n":1e301})"));
  EXPECT_FALSE(fits(R"({"n":1e999})"));
  EXPECT_FALSE(fits(R"({"n":NaN})"));
  EXPECT_FALSE(fits(R"({"n":-5e-324})"));
  EXPECT_FALSE(fits(R"({"n":true})"));
  EXPECT_TRUE(fits(R"({"i":-9223372036854775808})"));
  EXPECT_TRUE(fits(R"({"i":9223372036854775807})"));
  EXPECT_FALSE(fits(R"({"i":9223372036854775808})"));
  EXPECT_FALSE(fits(R"({"i":1.0})"));
  EXPECT_FALSE(fits(R"({"i":1,"i":2})"));
  EXPECT_FALSE(fits(R"({"i":)" + std::string(1000, '[') + std::string(1000, ']') + "}"));
  EXPECT_FALSE(fits("[]"));
}

// ---- Danger

TEST_F(CommandsTest, ADangerousOneNeedsItsNameTyped) {
  auto request = named("reboot");
  EXPECT_EQ(submit(request).error().code, ErrorCode::invalid);
  request.confirm = "yes";
  EXPECT_EQ(submit(request).error().message,
            "confirm: reboot of boiler is dangerous; send \"confirm\":\"reboot\", typed by whoever asks for it");
  EXPECT_EQ(reader_.given(), 0U);
  request.confirm = "reboot";
  EXPECT_TRUE(submit(request));
}

TEST_F(CommandsTest, OneDangerousCommandAtATimeAndAPauseBehindIt) {
  auto request = named("reboot");
  request.confirm = "reboot";
  const auto first = submit(request);
  wait_until_sent(first->id);
  EXPECT_EQ(submit(request).error().code, ErrorCode::conflict);
  reply(first->id);
  states(first->id, CommandState::succeeded);
  EXPECT_EQ(submit(request).error().code, ErrorCode::full);
  EXPECT_TRUE(submit(set_target())) << "others go on";
}

TEST_F(CommandsTest, AnInterlockHoldsWhatIsNotKnownToBeSafe) {
  EXPECT_EQ(submit(named("start")).error().message,
            "interlock: door of boiler was not reported within 1m, so it is not known to be safe");
  report("door", true);
  EXPECT_EQ(submit(named("start")).error().message, "interlock: door of boiler is true");
  report("door", false);
  EXPECT_TRUE(submit(named("start")));
  report("pressure", 1.6);
  EXPECT_EQ(submit(named("open")).error().code, ErrorCode::conflict);
  report("pressure", 1.5);
  EXPECT_TRUE(submit(named("open")));
}

TEST_F(CommandsTest, AnInterlockIsLookedAtAgainBeforeSending) {
  report("door", false);
  reader_.connect(false);
  const auto status = submit(named("start"));
  report("door", true);
  reader_.connect(true);
  EXPECT_EQ(states(status->id, CommandState::failed), (Steps{"queued", "failed"}));
  EXPECT_EQ(reader_.given(), 0U);
}

TEST_F(CommandsTest, AnInterlockHoldsAfterARestart) {
  report("door", false);
  reader_.connect(false);
  const auto status = submit(named("start"));
  stop();
  reader_.connect(true);
  start();
  EXPECT_EQ(states(status->id, CommandState::failed), (Steps{"failed"}));
  EXPECT_EQ(reader_.given(), 0U);
}

// ---- Read-back

TEST_F(CommandsTest, SucceededWaitsForTheStateThatWasAskedFor) {
  const auto status = submit(named("heat", R"({"target":40})"));
  wait_until_sent(status->id);
  EXPECT_TRUE(reply({.id = status->id, .succeeded = true, .result_json = R"({"target":40})"}));
  report("target", 39.0);
  report("target", 40.0);
  EXPECT_EQ(states(status->id, CommandState::succeeded), (Steps{"queued", "sent", "sent", "succeeded"}));
  const auto result = result_of(status->id);
  EXPECT_NE(result.find(R"("verified":true)"), result.npos) << result;
  EXPECT_NE(result.find(R"("metric":"target")"), result.npos) << result;
}

TEST_F(CommandsTest, WhatWasMeasuredBeforeProvesNothing) {
  report("target", 40.0);
  auto request = named("heat", R"({"target":40})");
  request.timeout = 1s;
  const auto status = submit(request);
  wait_until_sent(status->id);
  reply(status->id);
  report("target", 40.0, 1min);
  EXPECT_EQ(states(status->id, CommandState::succeeded), (Steps{"queued", "sent", "sent", "succeeded"}));
  EXPECT_EQ(result_of(status->id), R"({"value":40,"verified":false})");
}

TEST_F(CommandsTest, WhoHasAnsweredIsNotWaitedForUntilTheDeadline) {
  auto request = named("heat", R"({"target":40})");
  request.timeout = 1h;
  const auto status = submit(request);
  wait_until_sent(status->id);
  reply(status->id);
  EXPECT_EQ(states(status->id, CommandState::succeeded), (Steps{"queued", "sent", "sent", "succeeded"}));
  EXPECT_EQ(result_of(status->id), R"({"value":40,"verified":false})");
}

TEST_F(CommandsTest, TheReadBackGoesOnAfterACrashOfWhatWasAnswered) {
  const auto status = submit(named("heat", R"({"target":40})"));
  wait_until_sent(status->id);
  EXPECT_TRUE(reply(status->id));
  stop();
  start();
  EXPECT_EQ(states(status->id, CommandState::succeeded), (Steps{"succeeded"}));
}

TEST_F(CommandsTest, WithoutRepliesOnlyTheStateTells) {
  reader_.never_answer();
  const auto shown = submit(named("heat", R"({"target":40})"));
  wait_until_sent(shown->id);
  on_loop([] {});
  report("target", std::int64_t{40});
  EXPECT_EQ(states(shown->id, CommandState::succeeded), (Steps{"queued", "sent", "succeeded"}));
  auto request = named("heat", R"({"target":41})");
  request.timeout = 1s;
  const auto not_shown = submit(request);
  EXPECT_EQ(states(not_shown->id, CommandState::unknown), (Steps{"queued", "sent", "unknown"}));
}

// ---- The audit

TEST_F(CommandsTest, WhatCannotBeAuditedIsNotSent) {
  stop();
  audit_ = [](const CommandStatus&, const std::string&, const Audit::Done& done) { done(Error{ErrorCode::io, "no space"}); };
  start();
  const auto refused = submit(set_target());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(reader_.given(), 0U);
}

TEST_F(CommandsTest, AnEndIsAuditedUntilItIs) {
  stop();
  std::mutex mutex;
  std::vector<std::string> rows;
  int refusals = 2;
  audit_ = [&](const CommandStatus& command, const std::string& from, const Audit::Done& done) {
    std::unique_lock lock(mutex);
    if (is_final(command.state) && refusals-- > 0) return lock.unlock(), done(Error{ErrorCode::full, "later"});
    rows.push_back(command.device + " " + command.name + " " + std::string(to_string(command.state)) + " " + from);
    lock.unlock();
    done({});
  };
  start();
  auto request = set_target();
  request.from = "192.0.2.7";
  const auto status = submit(request);
  wait_until_sent(status->id);
  reply(status->id);
  const auto count = [&] {
    std::lock_guard lock(mutex);
    return rows.size();
  };
  for (const auto end = std::chrono::steady_clock::now() + 10s; count() < 2 && std::chrono::steady_clock::now() < end;)
    std::this_thread::yield();
  EXPECT_EQ(rows, (Steps{"boiler set queued 192.0.2.7", "boiler set succeeded 192.0.2.7"}));
  stop();
}

TEST(CommandTrail, FindsEndsThatHaveNoRow) {
  const tests::TemporaryFolder folder;
  SystemClock clock;
  const auto status = [](const char* id, CommandState state) {
    return CommandStatus{.id = id, .device = "boiler", .name = "set", .args_json = "{}", .state = state, .by = "token:x"};
  };
  {
    auto audit = Audit::open(folder.path(), clock);
    ASSERT_TRUE(audit) << audit.error().message;
    for (const auto& one : {status("c-1", CommandState::queued), status("c-2", CommandState::succeeded)}) {
      std::promise<bool> written;
      audit_to (**audit)(one, "192.0.2.7", [&](const Result<void>& done) { written.set_value(done.ok()); });
      EXPECT_TRUE(written.get_future().get());
    }
  }
  const auto missing = missing_ends(folder.path(), {status("c-1", CommandState::failed), status("c-2", CommandState::succeeded),
                                                    status("c-3", CommandState::sent)});
  ASSERT_TRUE(missing) << missing.error().message;
  ASSERT_EQ(missing->size(), 1U);
  EXPECT_EQ(missing->at(0).id, "c-1");
}

}  // namespace
}  // namespace weir::gateway
