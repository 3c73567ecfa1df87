// WebSocket: guards, messages, close codes.
#include "unit/server/server_fixture.h"

namespace weir::gateway {
namespace {

// ---- WebSocket

TEST_F(ServerTest, WebSocketGuardsComeBeforeTheUpgrade) {
  const auto upgrade = [&](const std::string& target, const std::string& headers) {
    return HttpClient(server.port()).upgrade(target, headers);
  };
  const std::string auth = TestServer::bearer(server.viewer);
  expect_problem(upgrade("/v1/stream", auth + "Origin: https://evil.example\r\n"), 403);
  expect_problem(upgrade("/v1/stream", auth + "Origin: null\r\n"), 403);
  expect_problem(upgrade("/v1/stream", auth + "Sec-WebSocket-Protocol: chat\r\n"), 400, "weir.v1.json");
  expect_problem(upgrade("/v1/stream?after=x", auth), 400);
  expect_problem(upgrade("/v1/devices", auth), 404);
  expect_problem(upgrade("/v1/stream", ""), 401);
  EXPECT_EQ(upgrade("/v1/stream", auth + "Origin: http://gateway.test\r\n").status, 101);
  const auto cbor = upgrade("/v1/stream", auth + "Sec-WebSocket-Protocol: chat, weir.v1.cbor\r\n");
  EXPECT_EQ(cbor.header("sec-websocket-protocol"), "weir.v1.cbor");
}

TEST_F(ServerTest, WebSocketSubscriptionsShareAConnection) {
  server.append("one", 1, 1);
  HttpClient client(server.port());
  websocket(client, server.viewer);
  client.send_message(R"({"op":"subscribe","id":"a","devices":"one","after":"earliest"})");
  client.send_message(R"({"op":"subscribe","id":"b","devices":"two"})");
  client.send_message(R"({"op":"ping","id":7})");
  std::map<std::string, std::vector<json>> got;
  const auto read = [&] {
    const auto message = client.read_message();
    ASSERT_TRUE(message);
    const json parsed = json::parse(message->payload);
    if (parsed["op"] == "records") got[parsed["id"]].push_back(parsed["records"]);
    if (parsed["op"] == "pong") got["pong"].push_back(parsed["id"]);
  };
  while (got["pong"].empty() || got["a"].empty()) read();
  EXPECT_EQ(got["pong"][0], 7);
  server.append("two", 5, 1);
  while (got["b"].empty()) read();
  EXPECT_EQ(got["a"].size(), 1U);
  EXPECT_EQ(got["b"][0][0]["value"], 5);
}

TEST_F(ServerTest, FaultyWebSocketMessagesAreAnsweredOrCloseWithTheirCode) {
  HttpClient client(server.port());
  websocket(client, server.viewer);
  for (const char* text : {R"({"op":"dance","id":"x"})", R"({"op":"subscribe","id":"x","after":"gibberish"})",
                           R"({"op":"unsubscribe","id":"x"})", R"({"op":"command","id":"x","device":"d","name":"n"})", "[1]"}) {
    client.send_message(text);
    const auto message = client.read_message();
    ASSERT_TRUE(message);
    const json parsed = json::parse(message->payload);
    EXPECT_EQ(parsed["op"], "error") << text;
    EXPECT_GE(parsed["problem"]["status"], 400);
  }
  const auto code = [&](const std::string& payload, unsigned opcode) {
    HttpClient other(server.port());
    websocket(other, server.viewer).send_message(payload, opcode);
    const auto message = other.read_message();
    return message ? message->close_code() : 0U;
  };
  EXPECT_EQ(code("{\"op\":", 1), 1007U);
  EXPECT_EQ(code("\xff\xfe", 1), 1007U);
  EXPECT_EQ(code("{}", 2), 1003U);
  EXPECT_EQ(code("\"" + std::string(70'000, 'x') + "\"", 1), 1009U);
}

TEST_F(ServerTest, AMessageInFragmentsIsOneAndIsCapped) {
  HttpClient client(server.port());
  websocket(client, server.viewer);
  client.send_message(R"({"op":"pi)", 1, false);
  client.send_message(R"(ng","id":)", 0, false);
  client.send_message(R"("f"})", 0, true);
  const auto pong = client.read_message();
  ASSERT_TRUE(pong);
  EXPECT_EQ(json::parse(pong->payload), json({{"op", "pong"}, {"id", "f"}}));
  for (int i = 0; i < 20; ++i) client.send_message(std::string(5000, ' '), i == 0 ? 1 : 0, false);
  const auto close = client.read_message();
  ASSERT_TRUE(close);
  EXPECT_EQ(close->close_code(), 1009U);
}

}  // namespace
}  // namespace weir::gateway
