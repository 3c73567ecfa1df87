// The server as clients meet it, well-behaved and not.
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "unit/server/server_fixture.h"

#include "base/limits.h"

namespace {
std::atomic<int> closed_twice = 0;
}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they have one of their own
/// In place of libc's, for the libraries too.
extern "C" int close(int file) {
  const auto outcome = static_cast<int>(::syscall(SYS_close, file));
  closed_twice += outcome != 0 && errno == EBADF ? 1 : 0;
  return outcome;
}
#endif

namespace weir::gateway {
namespace {

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

std::string push_request(const std::string& headers, const std::string& body) {
  return "POST /v1/readings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

/// libwebsockets turned for ever in the second of them: nobody was served any more.
TEST_F(ServerTest, RequestsWithBodiesInOneSegmentDoNotStopTheServer) {
  const std::string reading = R"({"device":"d","metric":"m","value":1})";
  const auto authorised = TestServer::bearer(server.ingest);
  for (const auto& first : {push_request("", "x"), push_request(authorised, reading), push_request(authorised, "no JSON"),
                            std::string("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")}) {
    for (const auto& second : {push_request("", std::string(20, 'x')), push_request(authorised, reading)}) {
      HttpClient client(server.port());
      client.send(first + second + second);
      EXPECT_GE(client.read_answer().status, 200U);
      HttpClient other(server.port());
      EXPECT_EQ(other.ask("GET", "/healthz").status, 200);
    }
  }
}

TEST_F(ServerTest, RefusedBodiesDoNotStopTheServer) {
  for (int i = 0; i < 50; ++i) {
    HttpClient client(server.port());
    client.send(push_request("", std::string(200, 'x')));
    EXPECT_EQ(client.read_answer().status, 401);
    EXPECT_TRUE(client.closed_within(5s));
  }
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(ServerTest, OneConnectionTakesOnePushAfterTheOther) {
  HttpClient client(server.port());
  for (int i = 0; i < 100; ++i) {
    client.send(push_request(TestServer::bearer(server.ingest), R"({"device":"d","metric":"m","value":1})"));
    EXPECT_EQ(client.read_answer().status, 200);
  }
}

/// The library closes one descriptor twice: not while others run, who may have opened a file under its number.
TEST(ServerDescriptors, AreClosedOnceWhileOtherThreadsRun) {
  TestServer server;
  HttpClient client(server.port());
  client.request("GET", "/healthz");
  EXPECT_EQ(client.read_head().status, 200);
  const auto before = closed_twice.load();
  server.stop();
  EXPECT_EQ(closed_twice.load(), before);
}

}  // namespace
}  // namespace weir::gateway
