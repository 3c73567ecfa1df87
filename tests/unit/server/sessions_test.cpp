// Sign-in, origins, limits, addresses.
#include "unit/server/server_fixture.h"

namespace weir::gateway {
namespace {

// ---- Sessions and limits

TEST_F(ServerTest, ACodeBecomesASessionOnce) {
  const std::string code = *server.access()->add_code();
  const std::string body = R"({"code":")" + code + "\"}", type = "Content-Type: application/json\r\n";
  const auto answer = ask("POST", "/v1/session", type, body);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string cookie = answer.header("set-cookie");
  EXPECT_NE(cookie.find("HttpOnly; SameSite=Strict"), std::string::npos);
  EXPECT_EQ(cookie.find("Path"), std::string::npos) << "of the proxy's prefix, which only the browser knows";
  EXPECT_EQ(cookie.find("Secure"), std::string::npos);
  EXPECT_EQ(ask("POST", "/v1/session", type, body).status, 401);
  const std::string session = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
  EXPECT_EQ(ask("GET", "/v1/session", session).status, 200);
  expect_problem(ask("DELETE", "/v1/consumers/x", session), 403, "origin");
  const std::string csrf = "X-CSRF-Token: " + json::parse(answer.body).value("csrf_token", "") + "\r\n";
  const std::string here = "Origin: http://gateway.test\r\n";
  expect_problem(ask("DELETE", "/v1/session", session + csrf + "Origin: http://evil.example\r\n"), 403);
  expect_problem(ask("DELETE", "/v1/session", session + here), 403, "X-CSRF-Token");
  expect_problem(ask("DELETE", "/v1/consumers/x", session + here), 403, "X-CSRF-Token");
  expect_problem(ask("DELETE", "/v1/consumers/x", session + here + "X-CSRF-Token: " + std::string(64, 'a') + "\r\n"), 403);
  expect_problem(ask("DELETE", "/v1/consumers/x", session + here + csrf), 404);
  EXPECT_EQ(ask("DELETE", "/v1/session", session + here + csrf).status, 204);
  EXPECT_EQ(ask("GET", "/v1/session", session).status, 401);
}

TEST(ServerSession, ItsCookieIsSecureWhereThePageCameByTls) {
  TestServer server([](ServerOptions& options) { options.origins = {"https://gateway.example"}; });
  const std::string body = R"({"code":")" + *server.access()->add_code() + "\"}";
  const std::string headers = "Content-Type: application/json\r\nOrigin: https://gateway.example\r\n";
  const auto answer = HttpClient(server.port()).ask("POST", "/v1/session", headers, body);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.header("set-cookie").ends_with("; Secure")) << answer.header("set-cookie");
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
  const auto second = Server::create({options, first.log(), latest, *access, first.audit(), first.commands(), clock,
                                      [] { return std::vector<firmware::ReaderStatus>{}; }, [] { return Readiness{}; }});
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("127.0.0.1:" + std::to_string(first.port())), std::string::npos);
}

}  // namespace
}  // namespace weir::gateway
