// Streams: who hangs up, who never reads, who loses a right, who comes back.
#include "unit/server/server_fixture.h"

namespace weir::gateway {
namespace {

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

TEST_F(ServerTest, AStreamerThatVanishesWithoutAWordIsFound) {
  HttpClient idle(server.port()), busy(server.port()), deaf(server.port());
  for (HttpClient* client : {&idle, &busy, &deaf}) {
    const auto* const target = client == &idle ? "/v1/stream?devices=nothing" : "/v1/stream";
    client->request("GET", target, TestServer::bearer(server.viewer) + "Accept: text/event-stream\r\n");
    EXPECT_EQ(client->read_head().status, 200);
  }
  for (HttpClient* client : {&idle, &busy}) client->vanish();
  const auto streams = [&](const char* number) {
    server.append("a", 0, 1);
    return get("/metrics").body.find("weir_server_connections{kind=\"sse\"} " + std::string(number)) != std::string::npos;
  };
  EXPECT_TRUE(test::wait_until([&] { return streams("1\n"); }, 45s));  // the one that is there and reads nothing stays
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
  EXPECT_EQ(ask("DELETE", "/v1/consumers/cloud", TestServer::bearer(server.operator_)).status, 204);
}

TEST_F(ServerTest, APageThatIsStillTheSameIsNotSentAgain) {
  server.append("a", 0, 3);
  const auto poll = [&](const std::string& etag) {
    return ask("GET", "/v1/stream", TestServer::bearer(server.viewer) + (etag.empty() ? "" : "If-None-Match: " + etag + "\r\n"));
  };
  const auto first = poll("");
  EXPECT_EQ(first.status, 200);
  const auto etag = first.header("etag");
  const auto again = poll(etag);
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(again.header("weir-cursor"), first.header("weir-cursor"));
  server.append("a", 3, 1);
  const auto more = poll(etag);
  EXPECT_EQ(more.status, 200);
  EXPECT_NE(more.header("etag"), etag);
}

}  // namespace
}  // namespace weir::gateway
