// Each limit is told with its status, Retry-After, the key that changes it, and is counted.
#include <arpa/inet.h>
#include <ifaddrs.h>

#include <memory>
#include <optional>
#include <vector>

#include "unit/server/server_fixture.h"

namespace weir::gateway {
namespace {

std::string bearer(const std::string& token) { return TestServer::bearer(token); }

/// An address of this computer that is not loopback; nothing: it has none.
std::optional<std::string> own_address() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    const auto& address = reinterpret_cast<const sockaddr_in&>(*each->ifa_addr).sin_addr;
    char text[INET_ADDRSTRLEN] = "";
    ::inet_ntop(AF_INET, &address, text, sizeof text);
    if ((ntohl(address.s_addr) >> 24U) != 127) return text;
  }
  return std::nullopt;
}

struct Limited {
  explicit Limited(const std::function<void(ServerOptions&)>& change) : server(change) {}

  Answer ask(const std::string& headers, const std::string& path = "/v1/devices") {
    return HttpClient(server.port(), host).ask("GET", path, headers);
  }
  std::unique_ptr<HttpClient> stream(const std::string& token) {
    auto client = std::make_unique<HttpClient>(server.port(), host);
    client->request("GET", "/v1/stream", bearer(token) + "Accept: application/x-ndjson\r\n");
    EXPECT_EQ(client->read_head().status, 200);
    return client;
  }
  std::uint64_t refused(const std::string& limit) {
    const std::string text = ask(bearer(server.operator_), "/metrics").body;
    const std::string name = "\nweir_server_refused_total{limit=\"" + limit + "\"} ";
    const std::size_t at = text.find(name);
    return at == text.npos ? 999'999 : std::stoull(text.substr(at + name.size()));
  }

  TestServer server;
  std::string host = "127.0.0.1";
};

void expect_refused(const Answer& answer, int status, const std::string& key) {
  expect_problem(answer, status, "server." + key);
  const std::string seconds = answer.header("retry-after");
  EXPECT_TRUE(seconds.size() == 1 && seconds >= "1" && seconds <= "9") << seconds;
}

TEST(ServerLimits, ATokenHasAsManyConnectionsAsItMay) {
  Limited limited([](ServerOptions& options) { options.connections_per_token_max = 2; });
  const std::string& viewer = limited.server.viewer;
  auto first = limited.stream(viewer), second = limited.stream(viewer);
  const auto third = limited.ask(bearer(viewer));
  expect_refused(third, 429, "connections_per_token_max");
  EXPECT_EQ(third.header("connection"), "close");
  EXPECT_NE(third.body.find("token:viewer has 2 connections"), std::string::npos) << third.body;
  HttpClient websocket(limited.server.port());
  expect_refused(websocket.upgrade("/v1/stream", bearer(viewer)), 429, "connections_per_token_max");
  EXPECT_EQ(limited.ask(bearer(limited.server.operator_)).status, 200);
  EXPECT_EQ(limited.refused("connections_per_token_max"), 2U);
  first.reset();
  EXPECT_TRUE(test::wait_until([&] { return limited.ask(bearer(viewer)).status == 200; }));
}

TEST(ServerLimits, AConnectionCountsForTheTokenThatItShowedLast) {
  Limited limited([](ServerOptions& options) { options.connections_per_token_max = 1; });
  HttpClient client(limited.server.port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask("GET", "/v1/devices", bearer(limited.server.viewer)).status, 200);
  expect_refused(limited.ask(bearer(limited.server.viewer)), 429, "connections_per_token_max");
  EXPECT_EQ(client.ask("GET", "/v1/devices", bearer(limited.server.operator_)).status, 200);
  EXPECT_EQ(limited.ask(bearer(limited.server.viewer)).status, 200);
}

TEST(ServerLimits, ATokenAsksAsOftenAsItMayWhenAProxyPassesItOn) {
  Limited limited([](ServerOptions& options) { options.requests_per_second_per_token_max = 1; });
  const std::string through = bearer(limited.server.viewer) + "X-Forwarded-For: 203.0.113.9\r\n";
  HttpClient client(limited.server.port());
  Answer answer;
  for (int i = 0; i < 50 && answer.status != 429; ++i) answer = client.ask("GET", "/v1/devices", through);
  expect_refused(answer, 429, "requests_per_second_per_token_max");
  EXPECT_NE(answer.header("connection"), "close");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(limited.ask(bearer(limited.server.viewer)).status, 200);  // this computer is exempt
  EXPECT_TRUE(test::wait_until([&] { return client.ask("GET", "/v1/devices", through).status == 200; }));
  EXPECT_GE(limited.refused("requests_per_second_per_token_max"), 1U);
}

TEST(ServerLimits, MessagesOfAWebSocketAreRequestsToo) {
  Limited limited([](ServerOptions& options) { options.requests_per_second_per_token_max = 1; });
  HttpClient client(limited.server.port());
  ASSERT_EQ(client.upgrade("/v1/stream", bearer(limited.server.viewer) + "X-Forwarded-For: 203.0.113.9\r\n").status, 101);
  for (int i = 0; i < 20; ++i) client.send_message(R"({"op":"ping","id":"p"})");
  json message;
  do {
    const auto next = client.read_message();
    ASSERT_TRUE(next);
    message = json::parse(next->payload);
  } while (message["op"] == "pong");
  EXPECT_EQ(message["problem"]["status"], 429);
  EXPECT_NE(message["problem"]["detail"].get<std::string>().find("server.requests_per_second_per_token_max"), std::string::npos);
}

TEST(ServerLimits, AnAddressWithoutACredentialAsksAsOftenAsItMay) {
  const auto own = own_address();
  if (!own) GTEST_SKIP() << "no address but loopback";
  Limited limited([&](ServerOptions& options) {
    options.requests_per_second_per_address_max = 1;
    options.listen = {{*own, 0}};
  });
  limited.host = *own;
  for (const std::string path : {"/v1/devices", "/healthz", "/nothing"}) {
    Answer answer;
    for (int i = 0; i < 50 && answer.status != 429; ++i) answer = limited.ask("Authorization: Bearer guess\r\n", path);
    expect_refused(answer, 429, "requests_per_second_per_address_max");
    EXPECT_EQ(answer.header("connection"), "close");
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(limited.ask(bearer(limited.server.viewer)).status, 200);
  EXPECT_GE(limited.refused("requests_per_second_per_address_max"), 3U);
}

TEST(ServerLimits, AnAddressHasAsManyConnectionsAsItMay) {
  const auto own = own_address();
  if (!own) GTEST_SKIP() << "no address but loopback";
  Limited limited([&](ServerOptions& options) {
    options.connections_per_address_max = 2;
    options.listen = {{*own, 0}};
  });
  limited.host = *own;
  auto first = limited.stream(limited.server.viewer), second = limited.stream(limited.server.operator_);
  expect_refused(limited.ask(bearer(limited.server.viewer)), 429, "connections_per_address_max");
  first.reset();
  EXPECT_TRUE(test::wait_until([&] { return limited.ask(bearer(limited.server.viewer)).status == 200; }));
  EXPECT_GE(limited.refused("connections_per_address_max"), 1U);
}

TEST(ServerLimits, AllConnectionsTogetherNameTheirKeyToo) {
  Limited limited([](ServerOptions& options) { options.connections_max = 1; });
  auto first = limited.stream(limited.server.viewer);
  expect_refused(limited.ask(bearer(limited.server.viewer)), 503, "connections_max");
  first.reset();
  EXPECT_TRUE(test::wait_until([&] { return limited.ask(bearer(limited.server.viewer)).status == 200; }));
  EXPECT_TRUE(test::wait_until([&] { return limited.refused("connections_max") - 1 < 999; }));
}

TEST(ServerLimits, WhatIsTooMuchOrTooLongIsCounted) {
  Limited limited([](ServerOptions&) {});
  HttpClient client(limited.server.port());
  ASSERT_EQ(client.upgrade("/v1/stream", bearer(limited.server.viewer)).status, 101);
  for (int i = 0; i < 65; ++i) client.send_message(R"({"op":"subscribe","id":")" + std::to_string(i) + "\"}");
  EXPECT_EQ(json::parse(client.read_message()->payload)["problem"]["status"], 429);
  EXPECT_EQ(limited.refused("subscriptions"), 1U);
  client.send_message(std::string(70'000, ' '));
  EXPECT_EQ(client.read_message()->close_code(), 1009U);
  EXPECT_EQ(limited.refused("message"), 1U);
  HttpClient body(limited.server.port());
  body.send("POST /v1/readings HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n" + bearer(limited.server.ingest) + "\r\n");
  EXPECT_EQ(body.read_answer().status, 413);
  EXPECT_EQ(limited.refused("body"), 1U);
}

}  // namespace
}  // namespace weir::gateway
