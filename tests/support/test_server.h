// TestServer: a real server on a free port, over a real log in a folder of its own, or over a log of the test's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/server.h"
#include "support/http_client.h"
#include "support/loop_thread.h"
#include "support/temporary_folder.h"

namespace weir::gateway {

class TestServer {
 public:
  explicit TestServer(
      const std::function<void(ServerOptions&)>& change = [](ServerOptions&) {}, std::unique_ptr<Log> log = nullptr) {
    options_.listen = {{"127.0.0.1", 0}};
    options_.hosts = {"gateway.test", "x"};
    change(options_);
    log_ = log ? std::move(log) : open_log();
    access_ = std::move(Access::open(folder_.path(), clock_)).value();
    audit_ = std::move(Audit::open(folder_.path(), clock_)).value();
    viewer = *access_->add_token("viewer", Role::viewer);
    operator_ = *access_->add_token("operator", Role::operator_);
    ingest = *access_->add_token("ingest", Role::ingest);
    latest_ = std::make_unique<Latest>(*log_);
    commands_ =
        std::make_unique<Commands>(*log_, loop_.loop(), clock_, Declarations{.by_reader = {{"field", {.undeclared = true}}}});
    server_ = std::move(Server::create({options_, *log_, *latest_, *access_, *audit_, *commands_, clock_,
                                        [this] { return readers; }, [this] { return readiness; }}))
                  .value();
    thread_ = std::thread([this] { server_->run(); });
  }

  ~TestServer() {
    stop();
    log_->close();
    audit_.reset();
    loop_.stop();  // what the log has told Commands is under way there
    audit_.reset();
  }

  void stop() {
    server_->stop();
    if (thread_.joinable()) thread_.join();
  }

  Log& log() { return *log_; }
  /// Of the data folder, as another process would change it.
  std::unique_ptr<Access> access() { return std::move(Access::open(folder_.path(), clock_)).value(); }
  std::uint16_t port() const { return server_->ports().front(); }
  firmware::PollLoop& loop() { return loop_.loop(); }
  Commands& commands() { return *commands_; }
  Audit& audit() { return *audit_; }
  weir::test::LoopThread& loop_thread() { return loop_; }

  static std::string bearer(const std::string& token) { return "Authorization: Bearer " + token + "\r\n"; }

  Cursor append(std::vector<Reading> readings) {
    Append append;
    append.delivery.reader = "test";
    append.delivery.readings = std::move(readings);
    return {log_->epoch(), log_->append_and_wait(std::move(append), std::chrono::seconds(5)).value().last};
  }
  /// `count` readings with the values from `first` on, in one commit.
  Cursor append(const std::string& device, std::int64_t first, std::int64_t count) {
    std::vector<Reading> readings;
    for (std::int64_t i = first; i < first + count; ++i) readings.push_back({.device = device, .metric = "n", .value = i});
    return append(std::move(readings));
  }

  std::string viewer, operator_, ingest;  // tokens
  std::vector<firmware::ReaderStatus> readers;
  Readiness readiness;

 private:
  std::unique_ptr<Log> open_log() {
    const auto wake = [this] {
      if (server_) server_->wake();
    };
    return std::move(Log::open({.file = folder_.path() / "weir.db"}, clock_, {wake, [](const Error&) {}})).value();
  }

  SystemClock clock_;
  tests::TemporaryFolder folder_;
  weir::test::LoopThread loop_;
  ServerOptions options_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<Audit> audit_;
  std::unique_ptr<Latest> latest_;
  std::unique_ptr<Commands> commands_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

}  // namespace weir::gateway
