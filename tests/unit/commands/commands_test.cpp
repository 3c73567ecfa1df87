#include "commands/commands.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "base/limits.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

/// A reader that owns "boiler": what it was given is seen, and the test says what becomes of it.
class ScriptedReader final : public firmware::Reader {
 public:
  void start() override {}
  void stop() override {}
  firmware::ReaderStatus status() const override { return {.name = "field", .kind = "test"}; }
  bool reaches(const std::string& device) const override { return device == "boiler"; }

  void send(const Command& command, std::function<void(Result<void>)> sent) override {
    {
      std::lock_guard lock(mutex_);
      if (connected_) given_.push_back(command);
      changed_.notify_all();
    }
    sent(connected_ ? Result<void>() : Result<void>(Error{ErrorCode::unavailable, "not connected"}));
  }

  void connect(bool connected) { connected_ = connected; }

  Command wait_for_command(std::size_t number = 1) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 5s, [&] { return given_.size() >= number; }));
    return given_.size() >= number ? given_[number - 1] : Command{};
  }
  std::size_t given() {
    std::lock_guard lock(mutex_);
    return given_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> connected_ = true;
  std::vector<Command> given_;
};

class CommandsTest : public testing::Test {
 protected:
  void SetUp() override { start(); }
  void TearDown() override { stop(); }

  void start() {
    auto log = Log::open({.file = folder_.path() / "weir.db"}, clock_,
                         {[this] {
                            std::lock_guard lock(mutex_);
                            changed_.notify_all();
                          },
                          [](const Error&) {}});
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
    started_at_ = log_->head();
    loop_ = std::move(*firmware::PollLoop::create(clock_));
    Declarations declarations;
    declarations.by_reader["field"].declared = {
        {.device = "boil*",
         .name = "set",
         .args = {{.name = "target", .type = ArgumentType::number, .min = 0, .max = 90, .unit = "Cel"}}}};
    commands_ = std::make_unique<Commands>(*log_, *loop_, clock_, declarations);
    commands_->set_readers({&reader_});
    commands_->resume(log_->commands());
    thread_ = std::thread([this] { loop_->run(); });
  }

  void stop() {
    loop_->stop();
    if (thread_.joinable()) thread_.join();
    log_.reset();
    commands_.reset();
    loop_.reset();
  }

  Result<CommandStatus> submit(CommandRequest request) {
    std::promise<Result<CommandStatus>> answer;
    commands_->submit(std::move(request), [&](Result<CommandStatus> status) { answer.set_value(std::move(status)); });
    return answer.get_future().get();
  }

  static CommandRequest set_target(std::string args = R"({"target":40})") {
    return {.device = "boiler", .name = "set", .args_json = std::move(args), .timeout = 1s, .by = "token:x"};
  }

  bool reply(const std::string& id, bool succeeded = true) {
    return reply({.id = id, .succeeded = succeeded, .result_json = succeeded ? "40" : "", .error = succeeded ? "" : "stuck"});
  }
  bool reply(CommandReply reply) {
    std::promise<bool> committed;
    commands_->on_reply(std::move(reply), [&](bool ok) { committed.set_value(ok); });
    return committed.get_future().get();
  }

  /// The states of a command in the log's order, once the last of them is `last`.
  std::vector<std::string> states(const std::string& id, CommandState last) {
    std::vector<std::string> seen;
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 10s,
                                  [&] {
                                    seen.clear();
                                    std::vector<BlockPtr> blocks;
                                    std::uint64_t after = started_at_;
                                    while (log_->read_tail(after, 10'000, blocks) == Log::TailRead::ok && !blocks.empty()) {
                                      for (const auto& block : blocks) {
                                        for (const auto& record : block->records) note(record, id, seen);
                                      }
                                      after = blocks.back()->last();
                                    }
                                    return !seen.empty() && seen.back() == to_string(last);
                                  }))
        << id << " did not become " << to_string(last);
    return seen;
  }

  static void note(const Record& record, const std::string& id, std::vector<std::string>& seen) {
    if (record.kind != Kind::command) return;
    const auto status = command_from_members(record.event->members);
    if (status && status->id == id) seen.emplace_back(to_string(status->state));
  }

  tests::TemporaryFolder folder_;
  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  ScriptedReader reader_;
  std::unique_ptr<Log> log_;
  std::uint64_t started_at_ = 0;  // the tail begins behind it
  std::unique_ptr<firmware::PollLoop> loop_;
  std::unique_ptr<Commands> commands_;
  std::thread thread_;
};

using States = std::vector<std::string>;

TEST_F(CommandsTest, IsQueuedSentAndSucceedsInTheLog) {
  const auto status = submit(set_target());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->state, CommandState::queued);
  const auto given = reader_.wait_for_command();
  EXPECT_EQ(given.id, status->id);
  EXPECT_EQ(given.args_json, R"({"target":40})");
  states(status->id, CommandState::sent);
  EXPECT_TRUE(reply(status->id));
  EXPECT_EQ(states(status->id, CommandState::succeeded), (States{"queued", "sent", "succeeded"}));
}

TEST_F(CommandsTest, ADevicesReasonIsKept) {
  const auto status = submit(set_target());
  reader_.wait_for_command();
  EXPECT_TRUE(reply(status->id, false));
  states(status->id, CommandState::failed);
  stop();
  start();
  EXPECT_EQ(log_->commands().at(0).error, "stuck");
}

TEST_F(CommandsTest, SentAndNeverAnsweredBecomesUnknown) {
  const auto status = submit(set_target());
  EXPECT_EQ(states(status->id, CommandState::unknown), (States{"queued", "sent", "unknown"}));
  EXPECT_EQ(reader_.given(), 1U);
}

TEST_F(CommandsTest, NeverSentBecomesExpired) {
  reader_.connect(false);
  const auto status = submit(set_target());
  EXPECT_EQ(states(status->id, CommandState::expired), (States{"queued", "expired"}));
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
  reader_.wait_for_command();
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
  states(sent->id, CommandState::sent);
  EXPECT_EQ(cancel(sent->id).error().code, ErrorCode::conflict);
}

TEST_F(CommandsTest, ARestartNeverSendsTwiceAndStillTakesALateReply) {
  auto request = set_target();
  request.timeout = 60s;
  const auto sent = submit(request);
  states(sent->id, CommandState::sent);
  reader_.connect(false);
  const auto queued = submit(request);
  stop();
  reader_.connect(true);
  start();
  EXPECT_EQ(states(queued->id, CommandState::unknown), (States{"unknown"}));
  EXPECT_TRUE(reply(sent->id));
  EXPECT_EQ(states(sent->id, CommandState::succeeded), (States{"succeeded"}));
  EXPECT_EQ(reader_.given(), 1U);
}

TEST_F(CommandsTest, AStrayReplyIsCountedAndAccepted) {
  EXPECT_TRUE(reply("c-of-another-life"));
  EXPECT_EQ(commands_->stray_replies(), 1U);
}

}  // namespace
}  // namespace weir::gateway
