// The server as clients meet it, well-behaved and not.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "support/test_server.h"
#include "support/wait_until.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::Answer;
using test::HttpClient;

class ServerTest : public testing::Test {
 protected:
  Answer ask(std::string_view method, std::string_view target, const std::string& headers = "", std::string_view body = "") {
    return HttpClient(server.port()).ask(method, target, headers, body);
  }
  Answer get(std::string_view target, const std::string& headers = "") {
    return ask("GET", target, TestServer::bearer(server.viewer) + headers);
  }
  Answer push(std::string_view body, const std::string& headers = "Content-Type: application/json\r\n") {
    return ask("POST", "/v1/readings", TestServer::bearer(server.ingest) + headers, body);
  }
  static void expect_problem(const Answer& answer, int status, std::string_view detail = "") {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.header("content-type"), "application/problem+json");
    const json problem = json::parse(answer.body, nullptr, false);
    ASSERT_TRUE(problem.is_object()) << answer.body;
    EXPECT_EQ(problem.value("status", 0), status);
    EXPECT_NE(problem.value("detail", "").find(detail), std::string::npos) << answer.body;
  }
  /// The status of the answer to bytes as they are; 0: closed without one.
  int raw(const std::string& bytes) {
    HttpClient client(server.port());
    client.send(bytes);
    return client.read_answer().status;
  }
  HttpClient& websocket(HttpClient& client, const std::string& token) {
    EXPECT_EQ(client.upgrade("/v1/stream", TestServer::bearer(token)).status, 101);
    return client;
  }

  TestServer server;
};

// ---- Requests

TEST_F(ServerTest, AnswersSeveralRequestsOnOneConnection) {
  HttpClient client(server.port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask("GET", "/healthz").status, 200);
  EXPECT_EQ(client.ask("GET", "/v1/devices", TestServer::bearer(server.viewer)).body, R"({"devices":[]})");
  EXPECT_EQ(client.ask("HEAD", "/healthz").status, 200);
  EXPECT_EQ(client.ask("GET", "/healthz").status, 200);
}

TEST_F(ServerTest, UnknownPathsAndMethodsAreProblems) {
  expect_problem(get("/v1/nothing"), 404);
  const auto answer = ask("PUT", "/v1/readings", TestServer::bearer(server.ingest), "x");
  expect_problem(answer, 405);
  EXPECT_NE(answer.header("allow").find("POST"), std::string::npos);
}

TEST_F(ServerTest, NoCredentialNoData) {
  const auto answer = ask("GET", "/v1/devices");
  expect_problem(answer, 401);
  EXPECT_TRUE(answer.header("www-authenticate").starts_with("Bearer"));
  for (const char* bad : {"Bearer", "Bearer ", "Basic YTpi", "Bearer x y"}) {
    expect_problem(ask("GET", "/v1/devices", std::string("Authorization: ") + bad + "\r\n"), 401);
  }
  expect_problem(ask("GET", "/v1/devices", TestServer::bearer(std::string(5000, 'a'))), 401);
  expect_problem(ask("POST", "/v1/readings", TestServer::bearer(server.viewer), "[]"), 403);
}

TEST_F(ServerTest, MalformedParametersAreNamed) {
  for (const char* query : {"after=x", "after=5f3a9c01-", "limit=0", "limit=1e3", "wait=61", "rate=0", "kinds=readings",
                            "lag=last", "kinds=%ff", "colour=blue", "since=yesterday", "snapshot=yes", "after=now&after=now"}) {
    const std::string text(query);
    expect_problem(get("/v1/stream?" + text), 400, text.substr(0, text.find('=')));
  }
  expect_problem(get("/v1/stream", "Last-Event-ID: garbage\r\nAccept: text/event-stream\r\n"), 400);
  expect_problem(get("/v1/stream", "Accept: image/png\r\n"), 406);
}

TEST_F(ServerTest, SecurityHeadersAreOnEveryAnswer) {
  for (const char* path : {"/", "/healthz", "/v1/devices", "/v1/nothing"}) {
    EXPECT_EQ(ask("GET", path).header("x-content-type-options"), "nosniff") << path;
  }
  EXPECT_NE(ask("GET", "/").header("content-security-policy").find("default-src 'self'"), std::string::npos);
  EXPECT_EQ(get("/v1/devices").header("cache-control"), "no-store");
}

TEST_F(ServerTest, TheDashboardIsServedCompressedAndRevalidated) {
  const auto plain = ask("GET", "/"), gzip = ask("GET", "/", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(plain.status, 200);
  EXPECT_NE(plain.body.find("<html"), std::string::npos);
  EXPECT_EQ(ask("GET", "/", "If-None-Match: " + plain.header("etag") + "\r\n").status, 304);
  EXPECT_EQ(gzip.header("content-encoding"), "gzip");
  EXPECT_EQ(gzip.body.substr(0, 2), "\x1f\x8b");
}

// ---- Pushes

TEST_F(ServerTest, APushIsAnsweredAfterItsCommit) {
  const auto answer = push(R"([{"device":"d","metric":"m","value":1},{"device":"d","metric":"m","value":2}])");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json body = json::parse(answer.body);
  EXPECT_EQ(body["accepted"], 2);
  EXPECT_EQ(body["cursor"], to_string(server.log().head_cursor()));
}

TEST_F(ServerTest, AnIdempotencyKeyCountsOnce) {
  const std::string headers = "Content-Type: application/x-ndjson\r\nIdempotency-Key: once\r\n";
  const std::string body = "{\"device\":\"d\",\"metric\":\"m\",\"value\":1}\n";
  const auto first = push(body, headers), again = push(body, headers);
  EXPECT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(again.body, first.body);
}

TEST_F(ServerTest, BadBodiesAreRefusedWhole) {
  const auto head = server.log().head();
  for (const char* body :
       {"{\"device\":", "[]x", "{\"device\":\"d\",\"metric\":\"m\"}", "{\"device\":7,\"metric\":\"m\",\"value\":1}"}) {
    expect_problem(push(body), 400);
  }
  expect_problem(push(std::string(2000, '[') + std::string(2000, ']')), 400);
  expect_problem(push("x", "Content-Type: image/png\r\n"), 415, "application/x-ndjson");
  expect_problem(push(std::string(limits::http_body_bytes_max + 1, ' ')), 413);
  EXPECT_EQ(server.log().head(), head);
}

TEST_F(ServerTest, AClientThatLeavesBeforeItsAnswerHarmsNobody) {
  for (int i = 0; i < 50; ++i) {
    HttpClient client(server.port());
    client.request("POST", "/v1/readings", TestServer::bearer(server.ingest) + "Content-Type: application/json\r\n",
                   R"({"device":"d","metric":"m","value":1})");
    client.hang_up();
  }
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

// ---- Bytes that are no requests of ours

TEST_F(ServerTest, LengthsThatLieAreRefused) {
  const std::string begin = "POST /v1/readings HTTP/1.1\r\nHost: x\r\n" + TestServer::bearer(server.ingest);
  EXPECT_EQ(raw(begin + "Content-Length: -1\r\n\r\n"), 400);
  EXPECT_EQ(raw(begin + "Content-Length: 99999999999999999999\r\n\r\n"), 400);
  EXPECT_EQ(raw(begin + "Content-Length: 99999999999\r\n\r\n"), 413);
  EXPECT_EQ(raw(begin + "\r\n"), 411);
  EXPECT_EQ(raw(begin + "Transfer-Encoding: chunked\r\n\r\n"), 411);
}

TEST_F(ServerTest, NothingButWebSocketIsUpgradedTo) {
  const std::string begin = "GET /v1/stream HTTP/1.1\r\nHost: x\r\n" + TestServer::bearer(server.viewer);
  EXPECT_EQ(raw(begin + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"), 400);
  const int unknown = raw(begin + "Connection: Upgrade\r\nUpgrade: foo\r\n\r\n");
  EXPECT_TRUE(unknown == 0 || unknown >= 400) << unknown;
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(ServerTest, NoiseAndHugeHeadersAreClosed) {
  const int noise = raw(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15));
  EXPECT_TRUE(noise == 0 || noise >= 400) << noise;
  EXPECT_LT(raw("GET /healthz HTTP/1.1\r\nX-Long: " + std::string(20'000, 'y') + "\r\n\r\n"), 1);
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(ServerTest, WhoSaysNothingIsSentAway) {
  HttpClient silent(server.port()), slow(server.port());
  slow.send("GET /healthz HTT");
  EXPECT_TRUE(silent.closed_within(14s));
  EXPECT_TRUE(slow.closed_within(14s));
}

// ---- Streams

TEST_F(ServerTest, AStreamerThatHangsUpIsNoticedAtOnce) {
  HttpClient sse(server.port()), half(server.port());
  for (HttpClient* client : {&sse, &half}) {
    client->request("GET", "/v1/stream", TestServer::bearer(server.viewer) + "Accept: text/event-stream\r\n");
    EXPECT_EQ(client->read_head().status, 200);
  }
  const auto streams = [&] { return get("/metrics").body.find("weir_server_connections{kind=\"sse\"} 0") != std::string::npos; };
  EXPECT_FALSE(streams());
  sse.hang_up();
  half.stop_sending();
  EXPECT_TRUE(test::wait_until(streams, 5s));
}

TEST_F(ServerTest, WhoNeverReadsCostsABoundedBufferAndDisturbsNobody) {
  std::vector<std::unique_ptr<HttpClient>> deaf;
  for (int i = 0; i < 10; ++i) {
    deaf.push_back(std::make_unique<HttpClient>(server.port()));
    deaf.back()->request("GET", "/v1/stream?after=earliest", TestServer::bearer(server.viewer) + "Accept: text/event-stream\r\n");
  }
  HttpClient hearing(server.port());
  hearing.request("GET", "/v1/stream?after=earliest", TestServer::bearer(server.viewer) + "Accept: application/x-ndjson\r\n");
  EXPECT_EQ(hearing.read_head().status, 200);
  const std::string text(1000, 'z');
  for (int i = 0; i < 100; ++i) {
    std::vector<Reading> readings(100, {.device = "loud", .metric = "text", .value = text});
    server.append(std::move(readings));
  }
  int lines = 0;
  while (lines < 10'000) {
    const auto line = hearing.read_line();
    ASSERT_TRUE(line);
    lines += line->empty() ? 0 : 1;
  }
  // 10 MB were offered to each: what the server took for all of them is far below one of them.
  const auto metrics = get("/metrics").body;
  const auto at = metrics.find("\nweir_server_bytes_total ");
  const auto written = std::stoull(metrics.substr(at + 25));
  EXPECT_LT(written, 10'000U * 1200U + 10U * 4'000'000U);
}

TEST_F(ServerTest, ARevokedTokenEndsItsStreams) {
  HttpClient sse(server.port()), poll(server.port()), ws(server.port());
  sse.request("GET", "/v1/stream", TestServer::bearer(server.viewer) + "Accept: text/event-stream\r\n");
  EXPECT_EQ(sse.read_head().status, 200);
  poll.request("GET", "/v1/stream?wait=30&after=now", TestServer::bearer(server.viewer));
  websocket(ws, server.viewer);
  ASSERT_TRUE(server.access()->revoke_token("viewer").ok());
  const auto message = ws.read_message();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->close_code(), 1008U);
  expect_problem(poll.read_answer(), 401);
  while (sse.read_line()) {
  }
  EXPECT_TRUE(sse.body_ended());
}

TEST_F(ServerTest, StopsWithAWordToEverybody) {
  HttpClient sse(server.port()), poll(server.port()), ws(server.port());
  sse.request("GET", "/v1/stream", TestServer::bearer(server.viewer) + "Accept: text/event-stream\r\n");
  EXPECT_EQ(sse.read_head().status, 200);
  poll.request("GET", "/v1/stream?wait=30&after=now", TestServer::bearer(server.viewer));
  websocket(ws, server.viewer);
  EXPECT_TRUE(
      test::wait_until([&] { return get("/metrics").body.find("connections{kind=\"long_poll\"} 1") != std::string::npos; }));
  const auto begin = std::chrono::steady_clock::now();
  server.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  const auto message = ws.read_message();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->close_code(), 1001U);
  EXPECT_EQ(poll.read_answer().status, 200);
  bool said = false;
  while (const auto line = sse.read_line()) said = said || line->starts_with(": ");
  EXPECT_TRUE(said);
}

TEST_F(ServerTest, AnEventSourceThatComesBackAfterItsEndIsTold) {
  const auto until = to_string(server.append("a", 0, 3));
  const auto answer = get("/v1/stream?until=" + until, "Accept: text/event-stream\r\nLast-Event-ID: " + until + "\r\n");
  EXPECT_EQ(answer.status, 204);
}

TEST_F(ServerTest, ADurableConsumerGoesOnWhereItAcknowledged) {
  const auto third = to_string(server.append("a", 0, 3));
  server.append("a", 3, 3);
  const auto put = ask("PUT", "/v1/consumers/cloud", TestServer::bearer(server.viewer), R"({"cursor":")" + third + "\"}");
  EXPECT_EQ(put.status, 200) << put.body;
  const json page = json::parse(get("/v1/stream?consumer=cloud&devices=a").body);
  EXPECT_EQ(page["records"].size(), 3U);
  EXPECT_EQ(page["records"][0]["value"], 3);
  get("/v1/stream?consumer=cloud&after=" + page["cursor"].get<std::string>());
  EXPECT_EQ(json::parse(get("/v1/consumers").body)["consumers"][0]["cursor"], page["cursor"]);
  expect_problem(ask("PUT", "/v1/consumers/x", TestServer::bearer(server.viewer), R"({"cursor":"00000000-1"})"), 400);
  EXPECT_EQ(ask("DELETE", "/v1/consumers/cloud", TestServer::bearer(server.viewer)).status, 204);
}

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

// ---- Sessions and limits

TEST_F(ServerTest, ACodeBecomesASessionOnce) {
  const std::string code = *server.access()->add_code();
  const std::string body = R"({"code":")" + code + "\"}", type = "Content-Type: application/json\r\n";
  const auto answer = ask("POST", "/v1/session", type, body);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string cookie = answer.header("set-cookie");
  EXPECT_NE(cookie.find("HttpOnly; SameSite=Strict; Path=/"), std::string::npos);
  EXPECT_EQ(ask("POST", "/v1/session", type, body).status, 401);
  const std::string session = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
  EXPECT_EQ(ask("GET", "/v1/session", session).status, 200);
  expect_problem(ask("DELETE", "/v1/consumers/x", session), 403, "origin");
  expect_problem(ask("DELETE", "/v1/session", session + "Origin: http://evil.example\r\n"), 403);
  EXPECT_EQ(ask("DELETE", "/v1/session", session + "Origin: http://gateway.test\r\n").status, 204);
  EXPECT_EQ(ask("GET", "/v1/session", session).status, 401);
}

TEST(ServerLimits, MoreConnectionsThanAllowedAreTold) {
  TestServer server([](ServerOptions& options) { options.connections_max = 3; });
  std::vector<std::unique_ptr<HttpClient>> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(std::make_unique<HttpClient>(server.port()));
    EXPECT_EQ(held.back()->ask("GET", "/healthz").status, 200);
  }
  const auto answer = HttpClient(server.port()).ask("GET", "/healthz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.header("retry-after"), "");
  held.clear();
  EXPECT_TRUE(test::wait_until([&] { return HttpClient(server.port()).ask("GET", "/healthz").status == 200; }));
}

TEST(ServerCors, OnlyListedOriginsMayRead) {
  TestServer server([](ServerOptions& options) { options.origins = {"https://panel.example"}; });
  const auto ask = [&](const std::string& method, const std::string& origin) {
    return HttpClient(server.port()).ask(method, "/v1/devices", TestServer::bearer(server.viewer) + "Origin: " + origin + "\r\n");
  };
  EXPECT_EQ(ask("GET", "https://panel.example").header("access-control-allow-origin"), "https://panel.example");
  EXPECT_EQ(ask("GET", "https://evil.example").header("access-control-allow-origin"), "");
  EXPECT_NE(ask("OPTIONS", "https://panel.example").header("access-control-allow-headers"), "");
  EXPECT_EQ(ask("OPTIONS", "https://evil.example").header("access-control-allow-headers"), "");
}

TEST(ServerAddress, ThatIsTakenIsNamed) {
  TestServer first;
  SystemClock clock;
  tests::TemporaryFolder folder;
  ServerOptions options;
  options.listen = {{"127.0.0.1", first.port()}};
  auto access = std::move(Access::open(folder.path(), clock)).value();
  Latest latest(first.log());
  const auto second = Server::create({options, first.log(), latest, *access, first.commands(), clock,
                                      [] { return std::vector<firmware::ReaderStatus>{}; }, [] { return Readiness{}; }});
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("127.0.0.1:" + std::to_string(first.port())), std::string::npos);
}

}  // namespace
}  // namespace weir::gateway
