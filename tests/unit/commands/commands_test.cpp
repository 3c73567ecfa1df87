#include "unit/commands/commands_fixture.h"

namespace weir::gateway {
namespace {

using Steps = std::vector<std::string>;

TEST_F(CommandsTest, IsQueuedSentAndSucceedsInTheLog) {
  const auto status = submit(set_target());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->state, CommandState::queued);
  const auto given = reader_.wait_for_command();
  EXPECT_EQ(given.id, status->id);
  EXPECT_EQ(given.args_json, R"({"target":40})");
  wait_until_sent(status->id);
  EXPECT_TRUE(reply(status->id));
  EXPECT_EQ(states(status->id, CommandState::succeeded), (Steps{"queued", "sent", "succeeded"}));
}

TEST_F(CommandsTest, ADevicesReasonIsKept) {
  const auto status = submit(set_target());
  wait_until_sent(status->id);
  EXPECT_TRUE(reply(status->id, false));
  states(status->id, CommandState::failed);
  stop();
  start();
  EXPECT_EQ(log_->commands().at(0).error, "stuck");
}

TEST_F(CommandsTest, SentAndNeverAnsweredBecomesUnknown) {
  const auto status = submit(set_target());
  EXPECT_EQ(states(status->id, CommandState::unknown), (Steps{"queued", "sent", "unknown"}));
  EXPECT_EQ(reader_.given(), 1U);
}

TEST_F(CommandsTest, NeverSentBecomesExpired) {
  reader_.connect(false);
  const auto status = submit(set_target());
  EXPECT_EQ(states(status->id, CommandState::expired), (Steps{"queued", "expired"}));
  EXPECT_EQ(reader_.given(), 0U);
}

TEST_F(CommandsTest, IsSentOnceTheDeviceIsBack) {
  reader_.connect(false);
  auto request = set_target();
  request.timeout = 20s;
  const auto status = submit(request);
  reader_.connect(true);
  EXPECT_EQ(reader_.wait_for_command().id, status->id);
  EXPECT_TRUE(reply(status->id));
  EXPECT_EQ(states(status->id, CommandState::succeeded).back(), "succeeded");
}

TEST_F(CommandsTest, ARepeatedIdempotencyKeyRepeatsTheAnswerAndSendsNothing) {
  auto request = set_target();
  request.idempotency_key = "k";
  const auto first = submit(request);
  EXPECT_EQ(submit(request)->id, first->id);
  wait_until_sent(first->id);
  reply(first->id);
  states(first->id, CommandState::succeeded);
  EXPECT_EQ(submit(request)->state, CommandState::succeeded);
  EXPECT_EQ(reader_.given(), 1U);
  request.args_json = R"({"target":41})";
  EXPECT_EQ(submit(request).error().code, ErrorCode::conflict);
}

TEST_F(CommandsTest, ArgumentsAndResultsHaveALimit) {
  const auto padding = std::string(limits::command_args_bytes_max, ' ');
  EXPECT_EQ(submit(set_target(R"({"target":40)" + padding + "}")).error().message, "args: 4109 bytes; at most 4096");
  auto request = set_target();
  request.idempotency_key = "k";
  const auto given = submit(request);
  reader_.wait_for_command();
  reply({.id = given->id, .succeeded = true, .result_json = '"' + std::string(limits::command_result_bytes_max, 'x') + '"'});
  const auto ended = submit(request);
  EXPECT_EQ(ended->state, CommandState::succeeded);
  EXPECT_EQ(ended->result_json, "");
  EXPECT_EQ(ended->error, "the device's answer has 16386 bytes and was not kept; at most 16384");
}

TEST_F(CommandsTest, RefusesWhatIsNotDeclaredAndSaysWhatIs) {
  const auto unknown = submit({.device = "boiler", .name = "explode", .timeout = 1s});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("it declares set"), std::string::npos) << unknown.error().message;
  EXPECT_EQ(submit(set_target(R"({"target":91})")).error().message, "args.target: must be at most 90 Cel");
  EXPECT_EQ(submit(set_target("{}")).error().message, "args.target: is missing");
  EXPECT_EQ(submit(set_target(R"({"target":"hot"})")).error().message, "args.target: must be a number");
  EXPECT_EQ(submit(set_target(R"({"target":1,"x":2})")).error().message, "args.x: set takes no such argument");
  EXPECT_EQ(submit({.device = "toaster", .name = "set"}).error().code, ErrorCode::not_found);
  EXPECT_EQ(log_->head(), 0U);
}

TEST_F(CommandsTest, ANodesOwnDeclarationWins) {
  commands_->on_declared("boiler",
                         {{.device = "boiler", .name = "set", .args = {{.name = "level", .type = ArgumentType::integer}}}});
  EXPECT_FALSE(submit(set_target()));
  EXPECT_TRUE(submit(set_target(R"({"level":3})")));
}

TEST_F(CommandsTest, OnlyAQueuedCommandCanBeCancelled) {
  const auto cancel = [&](const std::string& id) {
    std::promise<Result<CommandStatus>> answer;
    commands_->cancel(id, [&](Result<CommandStatus> status) { answer.set_value(std::move(status)); });
    return answer.get_future().get();
  };
  reader_.connect(false);
  auto request = set_target();
  request.timeout = 20s;
  const auto queued = submit(request);
  EXPECT_EQ(cancel(queued->id)->state, CommandState::cancelled);
  EXPECT_EQ(cancel(queued->id).error().code, ErrorCode::conflict);
  EXPECT_EQ(cancel("c-none").error().code, ErrorCode::not_found);
  reader_.connect(true);
  const auto sent = submit(request);
  wait_until_sent(sent->id);
  EXPECT_EQ(cancel(sent->id).error().code, ErrorCode::conflict);
}

TEST_F(CommandsTest, ARestartNeverSendsTwiceAndStillTakesALateReply) {
  auto request = set_target();
  request.timeout = 60s;
  const auto sent = submit(request);
  wait_until_sent(sent->id);
  reader_.connect(false);
  const auto queued = submit(request);
  stop();
  reader_.connect(true);
  start();
  EXPECT_EQ(states(queued->id, CommandState::sent), (Steps{"sent"})) << "it never left before";
  EXPECT_EQ(reader_.wait_for_command(2).id, queued->id);
  EXPECT_TRUE(reply(sent->id));
  EXPECT_EQ(states(sent->id, CommandState::succeeded), (Steps{"succeeded"}));
  EXPECT_EQ(reader_.given(), 2U);
}

TEST_F(CommandsTest, AStrayReplyIsCountedAndAccepted) {
  EXPECT_TRUE(reply("c-of-another-life"));
  EXPECT_EQ(commands_->stray_replies(), 1U);
}

}  // namespace
}  // namespace weir::gateway
