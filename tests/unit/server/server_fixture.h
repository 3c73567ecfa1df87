// ServerTest: a server, and the ways to ask it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "support/test_server.h"
#include "support/wait_until.h"

namespace weir::gateway {

using namespace std::chrono_literals;
using nlohmann::json;
using test::Answer;
using test::HttpClient;

inline void expect_problem(const Answer& answer, int status, std::string_view detail = "") {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  const json problem = json::parse(answer.body, nullptr, false);
  ASSERT_TRUE(problem.is_object()) << answer.body;
  EXPECT_EQ(problem.value("status", 0), status);
  EXPECT_NE(problem.value("detail", "").find(detail), std::string::npos) << answer.body;
}

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

}  // namespace weir::gateway
