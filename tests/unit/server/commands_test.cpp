// Commands over HTTP and WebSocket.
#include "unit/server/server_fixture.h"

namespace weir::gateway {
namespace {

// ---- Commands

/// Owns "boiler"; answers each command at once.
class AnsweringReader final : public firmware::Reader {
 public:
  explicit AnsweringReader(Commands& commands) : commands_(commands) {}
  void start() override {}
  void stop() override {}
  firmware::ReaderStatus status() const override { return {.name = "field", .kind = "test"}; }
  bool reaches(const std::string& device) const override { return device == "boiler"; }
  Result<void> ready(const Command&) const override { return {}; }
  void send(const Command& command, std::function<void(Result<void>)> sent) override {
    sent({});
    commands_.on_reply({.id = command.id, .device = command.device, .succeeded = true, .result_json = R"({"target":65})"},
                       [](bool) {});
  }

 private:
  Commands& commands_;
};

class ServerCommands : public ServerTest {
 protected:
  ServerCommands() {
    server.loop_thread().call([this] { server.commands().set_readers({&reader}); });
  }
  ~ServerCommands() override {
    server.loop_thread().call([this] { server.commands().set_readers({}); });
  }
  Answer command(const std::string& query, const std::string& body, const std::string& token) {
    return ask("POST", "/v1/devices/boiler/commands" + query, TestServer::bearer(token), body);
  }
  AnsweringReader reader{server.commands()};
};

TEST_F(ServerCommands, WaitAnswersWithTheFinalState) {
  const auto answer = command("?wait=10", R"({"name":"set","args":{"target":65}})", server.operator_);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json done = json::parse(answer.body);
  EXPECT_EQ(done["state"], "succeeded");
  EXPECT_EQ(done["result"], json({{"target", 65}}));
  EXPECT_EQ(json::parse(get("/v1/commands/" + done["id"].get<std::string>()).body), done);
  EXPECT_EQ(json::parse(get("/v1/commands?device=boiler&state=succeeded").body)["commands"].size(), 1U);
  EXPECT_EQ(json::parse(get("/v1/commands?device=other").body)["commands"].size(), 0U);
}

TEST_F(ServerCommands, WithoutWaitALocationIsGiven) {
  const auto answer = command("", R"({"name":"set"})", server.operator_);
  EXPECT_EQ(answer.status, 202) << answer.body;
  const std::string location = answer.header("location");
  EXPECT_TRUE(test::wait_until([&] { return json::parse(get(location).body)["state"] == "succeeded"; }));
}

TEST_F(ServerCommands, WhatIsWrongIsSaid) {
  expect_problem(command("", R"({"name":"set"})", server.viewer), 403);
  expect_problem(command("", R"({"args":{}})", server.operator_), 400, "name");
  expect_problem(command("", R"({"name":"set","timeout":"soon"})", server.operator_), 400, "timeout");
  expect_problem(command("?wait=61", R"({"name":"set"})", server.operator_), 400, "wait");
  expect_problem(ask("POST", "/v1/devices/nobody/commands", TestServer::bearer(server.operator_), R"({"name":"set"})"), 404,
                 "nobody");
  expect_problem(get("/v1/commands/none"), 404);
  expect_problem(get("/v1/commands?state=asleep"), 400, "state");
}

TEST_F(ServerCommands, OverWebSocketEachStateComesInOrder) {
  HttpClient client(server.port());
  websocket(client, server.operator_);
  for (int i = 0; i < 5; ++i) {
    client.send_message(R"({"op":"command","id":"c)" + std::to_string(i) +
                        R"(","device":"boiler","name":"set","args":{"target":65}})");
    std::vector<std::string> states;
    while (states.size() < 3) {
      const auto message = client.read_message();
      ASSERT_TRUE(message);
      const json parsed = json::parse(message->payload);
      EXPECT_EQ(parsed["id"], "c" + std::to_string(i));
      states.push_back(parsed.at("command").at("state"));
    }
    EXPECT_EQ(states, (std::vector<std::string>{"queued", "sent", "succeeded"}));
  }
}

}  // namespace
}  // namespace weir::gateway
