// Commands on a real log, with a reader and a clock that do what the test says.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "base/limits.h"
#include "commands/commands.h"
#include "support/temporary_folder.h"

namespace weir::gateway {

using namespace std::chrono_literals;

/// The wall clock can be set; time passes as it does.
class SteppedClock final : public Clock {
 public:
  Timestamp wall() const override { return system_.wall() + std::chrono::nanoseconds(step_.load()); }
  Monotonic monotonic() const override { return system_.monotonic(); }
  void step_wall(std::chrono::nanoseconds by) { step_ += by.count(); }

 private:
  SystemClock system_;
  std::atomic<std::int64_t> step_ = 0;
};

/// A reader that owns "boiler": what it was given is seen, and the test says what becomes of it.
class ScriptedReader final : public firmware::Reader {
 public:
  void start() override {}
  void stop() override {}
  firmware::ReaderStatus status() const override { return {.name = "field", .kind = "test"}; }
  bool reaches(const std::string& device) const override { return device == "boiler"; }

  bool answers() const override { return answers_; }
  Result<void> ready(const Command&) const override {
    if (impossible_) return Error{ErrorCode::invalid, "does not fit a frame"};
    return connected_ ? Result<void>() : Result<void>(Error{ErrorCode::unavailable, "not connected"});
  }

  void send(const Command& command, std::function<void(Result<void>)> sent) override {
    {
      std::lock_guard lock(mutex_);
      if (connected_) given_.push_back(command);
      changed_.notify_all();
    }
    if (held_) return void(held_sent_ = std::move(sent));
    sent(connected_ ? Result<void>() : Result<void>(Error{ErrorCode::unavailable, "not connected"}));
  }

  void connect(bool connected) { connected_ = connected; }
  void never_answer() { answers_ = false; }
  void take_nothing() { impossible_ = true; }
  /// What is handed over is not told to have left until it is released. Where commands are under way: on the loop.
  void hold() { held_ = true; }
  void release() {
    held_ = false;
    std::exchange(held_sent_, {})({});
  }

  Command wait_for_command(std::size_t number = 1) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 5s, [&] { return given_.size() >= number; }));
    return given_.size() >= number ? given_[number - 1] : Command{};
  }
  void wait_for(const std::string& id) {
    std::unique_lock lock(mutex_);
    const auto has = [&] { return std::any_of(given_.begin(), given_.end(), [&](const auto& one) { return one.id == id; }); };
    EXPECT_TRUE(changed_.wait_for(lock, 5s, has)) << id << " was not sent";
  }
  std::size_t given() {
    std::lock_guard lock(mutex_);
    return given_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> connected_ = true, answers_ = true, impossible_ = false, held_ = false;
  std::function<void(Result<void>)> held_sent_;
  std::vector<Command> given_;
};

class CommandsTest : public testing::Test {
 protected:
  void SetUp() override { start(); }
  void TearDown() override { stop(); }

  void start() {
    auto log = Log::open({.file = folder_.path() / "weir.db"}, clock_,
                         {[this] {
                            {
                              std::lock_guard lock(mutex_);
                              changed_.notify_all();
                            }
                            if (commands_) commands_->wake();
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
         .args = {{.name = "target", .type = ArgumentType::number, .min = 0, .max = 90, .unit = "Cel"}}},
        {.device = "boil*", .name = "heat", .args = {{.name = "target"}}, .state_metric = "target"},
        {.device = "boil*", .name = "reboot", .dangerous = true},
        {.device = "boil*", .name = "open", .interlock = {.metric = "pressure", .max = 1.5, .age_max = 2s}},
        {.device = "boil*", .name = "start", .interlock = {.metric = "door", .equals = "false"}}};
    commands_ = std::make_unique<Commands>(*log_, *loop_, clock_, declarations);
    commands_->set_readers({&reader_});
    if (audit_) commands_->set_audit(audit_);
    commands_->resume(log_->commands());
    thread_ = std::thread([this] { loop_->run(); });
  }

  void stop() {
    if (!loop_) return;
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

  static CommandRequest named(std::string name, std::string args = "{}") {
    return {.device = "boiler", .name = std::move(name), .args_json = std::move(args), .timeout = 20s, .by = "token:x"};
  }

  /// Committed, and seen by the commands.
  void report(const std::string& metric, Value value, std::chrono::nanoseconds age = 0ns) {
    Append append;
    append.delivery.readings.push_back(
        {.device = "boiler", .metric = metric, .value = std::move(value), .time = clock_.wall() - age});
    ASSERT_TRUE(log_->append_and_wait(std::move(append), 5s));
    on_loop([] {});
  }

  void on_loop(std::function<void()> task) {
    std::promise<void> done;
    ASSERT_TRUE(loop_->post([&] {
      task();
      done.set_value();
    }));
    done.get_future().get();
  }

  std::string result_of(const std::string& id) {
    for (std::uint64_t after = started_at_;;) {
      std::vector<BlockPtr> blocks;
      if (log_->read_tail(after, 10'000, blocks) != Log::TailRead::ok || blocks.empty()) return {};
      for (const auto& block : blocks) {
        for (const auto& record : block->records) {
          if (record.kind != Kind::command) continue;
          const auto status = command_from_members(record.event->members);
          if (status && status->id == id && is_final(status->state)) return status->result_json;
        }
      }
      after = blocks.back()->last();
    }
  }

  /// `sent` is in the log, and the reader has it.
  void wait_until_sent(const std::string& id) {
    states(id, CommandState::sent);
    reader_.wait_for(id);
    on_loop([] {});
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
  SteppedClock clock_;
  CommandAudit audit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  ScriptedReader reader_;
  std::unique_ptr<Log> log_;
  std::uint64_t started_at_ = 0;  // the tail begins behind it
  std::unique_ptr<firmware::PollLoop> loop_;
  std::unique_ptr<Commands> commands_;
  std::thread thread_;
};

}  // namespace weir::gateway
