// Who may do what: users, tokens with limits, the first start, and rights that are withdrawn under a live stream.
#include "access/pass_phrases.h"
#include "unit/server/server_fixture.h"

namespace weir::gateway {
namespace {

constexpr const char* as_json = "Content-Type: application/json\r\n";

class RightsTest : public ServerTest {
 protected:
  RightsTest() : admin(*server.access()->add_token("admin", Role::admin)) {}

  Answer as(const std::string& token, std::string_view method, std::string_view target, const json& body = nullptr) {
    const bool none = body.is_null();
    return ask(method, target, TestServer::bearer(token) + as_json, none ? "" : body.dump());
  }
  Answer sign_in(const std::string& user, const std::string& phrase) {
    return ask("POST", "/v1/session", as_json, json({{"name", user}, {"pass_phrase", phrase}}).dump());
  }
  std::string limited(Role role, Scope scope) { return *server.access()->add_token("limited", {role, std::move(scope)}); }

  std::string admin;
};

TEST_F(RightsTest, APassPhraseOpensASessionThatMayWhatItsUserMay) {
  const json kim = {{"name", "kim"}, {"role", "admin"}, {"pass_phrase", "correct horse battery"}};
  ASSERT_EQ(as(admin, "POST", "/v1/users", kim).status, 201);
  expect_problem(as(admin, "POST", "/v1/users", kim), 409);
  EXPECT_EQ(as(admin, "GET", "/v1/users/kim").status, 200);
  expect_problem(sign_in("kim", "correct horse batterx"), 401);
  const auto slowed = sign_in("kim", "correct horse battery");
  expect_problem(slowed, 429, "wait");
  EXPECT_NE(slowed.header("retry-after"), "");
  Answer answer;
  ASSERT_TRUE(test::wait_until([&] { return (answer = sign_in("kim", "correct horse battery")).status == 200; }));
  EXPECT_EQ(json::parse(answer.body)["name"], "user:kim");
  const std::string cookie = answer.header("set-cookie");
  const std::string session = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
  EXPECT_EQ(ask("GET", "/v1/tokens", session).status, 200);
  const json sessions = json::parse(ask("GET", "/v1/sessions", session).body)["sessions"];
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_EQ(sessions[0]["user"], "kim");
  EXPECT_EQ(sessions[0]["current"], true);
  EXPECT_EQ(as(admin, "DELETE", "/v1/sessions/" + sessions[0]["id"].get<std::string>()).status, 204);
  EXPECT_EQ(ask("GET", "/v1/tokens", session).status, 401);
}

TEST_F(RightsTest, AWrongSignInSaysHowToAuthenticate) {
  EXPECT_NE(ask("POST", "/v1/session", as_json, R"({"code":"1234-5678"})").header("www-authenticate"), "");
  EXPECT_NE(sign_in("nobody", "correct horse battery").header("www-authenticate"), "");
}

TEST_F(RightsTest, TokensAreMadeShownChangedAndRevoked) {
  const auto made = as(admin, "POST", "/v1/tokens", {{"name", "panel"}, {"role", "viewer"}, {"devices", "boiler*"}});
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string token = json::parse(made.body)["token"];
  EXPECT_EQ(as(token, "GET", "/v1/devices").status, 200);
  const auto shown = as(admin, "GET", "/v1/tokens/panel");
  EXPECT_EQ(shown.body.find(token), std::string::npos);
  EXPECT_EQ(json::parse(shown.body)["devices"], "boiler*");
  EXPECT_EQ(as(admin, "POST", "/v1/tokens/panel", {{"role", "ingest"}}).status, 200);
  EXPECT_EQ(as(token, "GET", "/v1/devices").status, 403);
  EXPECT_EQ(as(admin, "DELETE", "/v1/tokens/panel").status, 204);
  EXPECT_EQ(as(token, "GET", "/v1/devices").status, 401);
  for (const json& bad :
       {json{{"name", "x"}}, json{{"name", "x"}, {"role", "king"}}, json{{"name", "x"}, {"role", "viewer"}, {"devices", 1}},
        json{{"name", "x"}, {"role", "viewer"}, {"expires", "soon"}},
        json{{"name", "x"}, {"role", "viewer"}, {"device", "misspelt"}}})
    expect_problem(as(admin, "POST", "/v1/tokens", bad), 400);
}

// ---- Scopes

TEST_F(RightsTest, ALimitedTokenIsGivenItsDevicesOnlyHoweverItAsks) {
  server.append("boiler-1", 0, 2);
  server.append("secret", 0, 2);
  const std::string token = limited(Role::viewer, {"boiler*", ""});
  for (const char* target : {"/v1/stream?kinds=*", "/v1/stream?devices=*", "/v1/stream?devices=secret,boiler-1", "/v1/devices",
                             "/v1/losses", "/v1/commands"}) {
    const auto answer = as(token, "GET", target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.body.find("secret"), std::string::npos) << answer.body;
  }
  EXPECT_NE(as(token, "GET", "/v1/stream").body.find("boiler-1"), std::string::npos);
  EXPECT_EQ(as(token, "GET", "/v1/devices/secret").status, 404);
  EXPECT_EQ(as(token, "GET", "/v1/history?device=secret&metric=n").status, 403);
  EXPECT_EQ(as(token, "GET", "/v1/history?device=secret&metric=n&format=csv").status, 403);
  EXPECT_EQ(as(token, "GET", "/v1/history?device=boiler-1&metric=n").status, 200);
  for (const char* whole : {"/v1/status", "/metrics", "/v1/consumers"})
    expect_problem(as(token, "GET", whole), 403, "whole gateway");
}

TEST_F(RightsTest, ALimitedTokenIsGivenItsKindsOnly) {
  server.append("boiler-1", 0, 2);
  const std::string token = limited(Role::viewer, {"", "device"});
  const auto page = as(token, "GET", "/v1/stream?kinds=*").body;
  EXPECT_EQ(page.find("\"kind\":\"reading\""), std::string::npos) << page;
  EXPECT_NE(page.find("\"kind\":\"device\""), std::string::npos) << page;
  EXPECT_EQ(as(token, "GET", "/v1/history?device=boiler-1&metric=n").status, 403);
  EXPECT_EQ(as(token, "GET", "/v1/devices").body.find("\"series\""), std::string::npos);
}

TEST_F(RightsTest, ALimitedTokenPushesAndCommandsItsDevicesOnly) {
  const std::string pusher = *server.access()->add_token("pusher", {Role::ingest, {"boiler*", ""}});
  const auto push_as = [&](const json& readings) { return as(pusher, "POST", "/v1/readings", readings); };
  const json good = {{"device", "boiler-1"}, {"metric", "m"}, {"value", 1}},
             bad = {{"device", "pump"}, {"metric", "m"}, {"value", 1}};
  EXPECT_EQ(push_as(good).status, 200);
  expect_problem(push_as(json::array({good, bad})), 403, "pump");
  EXPECT_EQ(get("/v1/devices").body.find("pump"), std::string::npos) << "all or nothing";
  const std::string commander = limited(Role::operator_, {"boiler*", ""});
  expect_problem(as(commander, "POST", "/v1/devices/pump/commands", {{"name", "x"}}), 403, "limited");
  EXPECT_NE(as(commander, "POST", "/v1/devices/boiler-1/commands", {{"name", "x"}}).status, 403);
}

TEST_F(RightsTest, SubscriptionsOfALimitedTokenAreLimited) {
  const std::string token = limited(Role::operator_, {"boiler*", ""});
  HttpClient client(server.port());
  websocket(client, token);
  client.send_message(R"({"op":"subscribe","id":"a","kinds":"*","devices":"*"})");
  client.send_message(R"({"op":"command","id":"c","device":"secret","name":"x"})");
  const auto refused = client.read_message();
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->payload.find("limited"), std::string::npos) << refused->payload;
  server.append("secret", 0, 1);
  server.append("boiler-1", 0, 1);
  const auto records = client.read_message();
  ASSERT_TRUE(records);
  EXPECT_NE(records->payload.find("boiler-1"), std::string::npos);
  EXPECT_EQ(records->payload.find("secret"), std::string::npos);
}

// ---- First start

TEST(FirstStart, NothingAnswersButHealthTheSignInPageAndTheCode) {
  TestServer server;
  for (const char* name : {"viewer", "operator", "ingest"}) ASSERT_TRUE(server.access()->revoke_token(name).ok());
  const auto ask = [&](std::string_view method, std::string_view target, std::string_view body = "") {
    return HttpClient(server.port()).ask(method, target, as_json, body);
  };
  for (const char* open : {"/healthz", "/readyz", "/"}) EXPECT_EQ(ask("GET", open).status, 200) << open;
  for (const char* shut : {"/v1/stream", "/v1/devices", "/metrics", "/v1/session", "/openapi.json", "/asyncapi.json"})
    expect_problem(ask("GET", shut), 401, "weir pair");
  expect_problem(ask("OPTIONS", "/v1/devices"), 401, "weir pair");
  expect_problem(ask("DELETE", "/v1/session"), 401, "weir pair");
  const std::string code = *server.access()->add_code();
  const auto answer = ask("POST", "/v1/session", json({{"code", code}}).dump());
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(json::parse(answer.body)["setup"], true);
  EXPECT_EQ(ask("GET", "/openapi.json").status, 200);
}

// ---- Withdrawn rights

class WithdrawnRights : public RightsTest {
 protected:
  /// Opens every kind of stream, withdraws the rights, and every one has to end at once.
  void expect_end(const std::string& headers, const std::function<void()>& withdraw) {
    HttpClient websocket(server.port()), sse(server.port()), lines(server.port()), poll(server.port());
    ASSERT_EQ(websocket.upgrade("/v1/stream", headers).status, 101);
    sse.request("GET", "/v1/stream", headers + "Accept: text/event-stream\r\n");
    lines.request("GET", "/v1/stream", headers + "Accept: application/x-ndjson\r\n");
    ASSERT_EQ(sse.read_head().status, 200);
    ASSERT_EQ(lines.read_head().status, 200);
    poll.request("GET", "/v1/stream?after=now&wait=60", headers);
    const auto began = std::chrono::steady_clock::now();
    withdraw();
    const auto closed = websocket.read_message();
    ASSERT_TRUE(closed);
    EXPECT_EQ(closed->close_code(), 1008U);
    expect_problem(poll.read_answer(), 401);
    while (sse.read_line()) continue;
    while (lines.read_line()) continue;
    EXPECT_LT(std::chrono::steady_clock::now() - began, 4s) << "a second, and what a busy machine takes";
  }

  std::string session_of_kim() {
    const auto access = server.access();
    const std::string hash = *hash_pass_phrase("correct horse battery");
    EXPECT_TRUE(access->add_user("root", Role::admin, hash).ok());
    EXPECT_TRUE(access->add_user("kim", Role::operator_, hash).ok());
    secret = *access->finish_sign_in("kim", hash, "192.0.2.1");
    return "Cookie: weir_session=" + secret + "\r\n";
  }

  std::string secret;
};

TEST_F(WithdrawnRights, RevokedToken) {
  expect_end(TestServer::bearer(server.viewer), [&] { ASSERT_TRUE(server.access()->revoke_token("viewer").ok()); });
}

TEST_F(WithdrawnRights, RevokedTokenOverTheApi) {
  expect_end(TestServer::bearer(server.viewer), [&] { EXPECT_EQ(as(admin, "DELETE", "/v1/tokens/viewer").status, 204); });
}

TEST_F(WithdrawnRights, OtherRoleOfAToken) {
  expect_end(TestServer::bearer(server.operator_),
             [&] { ASSERT_TRUE(server.access()->change_token("operator", Role::viewer).ok()); });
}

TEST_F(WithdrawnRights, OtherScopeOfAToken) {
  expect_end(TestServer::bearer(server.viewer), [&] {
    ASSERT_TRUE(server.access()->change_token("viewer", {Role::viewer, {"boiler*", ""}}).ok());
  });
}

TEST_F(WithdrawnRights, ExpiredToken) {
  expect_end(TestServer::bearer(server.viewer), [&] {
    const auto soon = SystemClock().wall() + 100ms;
    ASSERT_TRUE(server.access()->change_token("viewer", {Role::viewer, {}, soon}).ok());
  });
}

TEST_F(WithdrawnRights, EndedSession) {
  expect_end(session_of_kim(), [&] { ASSERT_TRUE(server.access()->end_session(secret).ok()); });
}

TEST_F(WithdrawnRights, RemovedUser) {
  expect_end(session_of_kim(), [&] { ASSERT_TRUE(server.access()->remove_user("kim").ok()); });
}

TEST_F(WithdrawnRights, LoweredRoleOfAUser) {
  expect_end(session_of_kim(), [&] { ASSERT_TRUE(server.access()->set_role("kim", Role::viewer).ok()); });
}

TEST_F(WithdrawnRights, WhatOthersLoseEndsNothing) {
  HttpClient client(server.port());
  websocket(client, server.viewer);
  ASSERT_TRUE(server.access()->revoke_token("operator").ok());
  ASSERT_TRUE(test::wait_until([&] { return ask("GET", "/v1/devices", TestServer::bearer(server.operator_)).status == 401; }));
  EXPECT_FALSE(client.read_message(1500ms));
  client.send_message(R"({"op":"ping"})");
  EXPECT_TRUE(client.read_message());
}

}  // namespace
}  // namespace weir::gateway
