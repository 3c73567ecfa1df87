// The descriptions of the API against what the program itself says: its routes, rights, names and limits.
#include "server/api/descriptions.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "server/dispatch.h"

#include "unit/server/server_fixture.h"

namespace weir::gateway {
namespace {

json description(std::string_view path) {
  for (const Asset& asset : api_descriptions()) {
    if (asset.path == path)
      return json::parse(reinterpret_cast<const char*>(asset.identity.data()),
                         reinterpret_cast<const char*>(asset.identity.data() + asset.identity.size()));
  }
  return {};
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return static_cast<char>(c | ('A' <= c && c <= 'Z' ? 0x20 : 0)); });
  return out;
}

std::string roles_of(std::optional<Right> right) {
  std::string roles;
  if (!right) return roles;
  for (const Role role : {Role::viewer, Role::operator_, Role::admin, Role::ingest}) {
    if (allows(role, *right)) roles.append(" ").append(to_string(role));
  }
  return roles;
}

std::string roles_of(const json& operation) {
  std::string roles;
  for (const auto& role : operation.value("x-weir-roles", json::array())) roles.append(" ").append(role.get<std::string>());
  return roles;
}

/// "get /v1/devices viewer operator admin"
std::set<std::string> described_routes(const json& openapi) {
  std::set<std::string> all;
  for (const auto& [path, item] : openapi["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method != "parameters") all.insert(std::string(method).append(" ").append(path).append(roles_of(operation)));
    }
  }
  return all;
}

std::set<std::string> names(const json& list) { return list.get<std::set<std::string>>(); }

TEST(Api, EveryRouteIsDescribedWithItsRolesAndNothingElseIs) {
  std::set<std::string> served;
  for (const Route& route : routes()) {
    served.insert(lower(to_string(route.method)) + " " + std::string(route.pattern) + roles_of(route.right));
  }
  EXPECT_EQ(described_routes(description("/openapi.json")), served);
}

/// Sessions have the role admin, which does not push readings.
json credentials_for(std::optional<Right> right) {
  json all = json::array();
  if (right) all.push_back({{"token", json::array()}});
  if (right && allows(Role::admin, *right)) all.push_back({{"session", json::array()}});
  return all;
}

TEST(Api, CredentialsAreAskedForWhereTheRouteHasARight) {
  const json openapi = description("/openapi.json");
  for (const Route& route : routes()) {
    const json& operation = openapi["paths"][std::string(route.pattern)][lower(to_string(route.method))];
    EXPECT_EQ(operation["security"], credentials_for(route.right)) << route.pattern;
    const bool refuses = route.right || operation["operationId"] == "signIn";  // a wrong code is 401, too
    EXPECT_EQ(operation["responses"].contains("401"), refuses) << route.pattern;
  }
}

TEST(Api, WhatTellsOfTheWholeGatewayIsDescribedAsThat) {
  const json openapi = description("/openapi.json");
  for (const Route& route : routes()) {
    const json& operation = openapi["paths"][std::string(route.pattern)][lower(to_string(route.method))];
    EXPECT_EQ(operation.value("x-weir-whole", false), route.rule == Rule::whole) << route.pattern;
  }
}

TEST(Api, EveryOperationOfTheWebSocketHasItsRoles) {
  const auto needs = [](const std::string& name) { return name == "sendCommand" ? Right::command : Right::read; };
  const json operations = description("/asyncapi.json")["operations"];
  for (const auto& [name, operation] : operations.items())
    EXPECT_EQ(roles_of(operation), roles_of(std::optional(needs(name)))) << name;
}

TEST(Api, StreamsAreDescribedAtTheirRoute) {
  const json asyncapi = description("/asyncapi.json");
  for (const auto& [name, channel] : asyncapi["channels"].items()) EXPECT_EQ(channel["address"], "/v1/stream") << name;
}

TEST(Api, NamesAreThoseOfTheProgram) {
  const json schemas = description("/openapi.json")["components"]["schemas"];
  std::set<std::string> states, roles, kinds{"gap"};
  for (auto state = CommandState::queued; state <= CommandState::unknown;
       state = static_cast<CommandState>(static_cast<int>(state) + 1)) {
    states.emplace(to_string(state));
  }
  for (const Role role : {Role::viewer, Role::operator_, Role::admin, Role::ingest}) roles.emplace(to_string(role));
  EXPECT_EQ(names(schemas["CommandState"]["enum"]), states);
  EXPECT_EQ(names(schemas["Role"]["enum"]), roles);
  for (const Kind kind : {Kind::reading, Kind::command, Kind::device, Kind::loss, Kind::system}) kinds.emplace(to_string(kind));
  std::set<std::string> described;
  for (const auto& each : schemas["Record"]["anyOf"]) {
    const auto reference = each["$ref"].get<std::string>();
    described.insert(schemas[reference.substr(reference.rfind('/') + 1)]["properties"]["kind"]["const"]);
  }
  EXPECT_EQ(described, kinds);
  EXPECT_EQ(names(description("/asyncapi.json")["components"]["messages"]["event"]["headers"]["properties"]["event"]["enum"]),
            kinds);
}

TEST(Api, LimitsAreThoseOfTheProgram) {
  const json openapi = description("/openapi.json"), asyncapi = description("/asyncapi.json");
  const json& schemas = openapi["components"]["schemas"];
  EXPECT_EQ(schemas["Name"]["maxLength"], limits::name_bytes_max);
  EXPECT_EQ(schemas["Unit"]["maxLength"], limits::unit_bytes_max);
  EXPECT_EQ(schemas["Value"]["maxLength"], limits::string_value_bytes_max);
  EXPECT_EQ(schemas["PageLimit"]["maximum"], limits::page_records_max);
  EXPECT_EQ(schemas["PageLimit"]["default"], limits::page_records_default);
  EXPECT_EQ(schemas["HistoryBuckets"]["properties"]["buckets"]["maxItems"], limits::history_buckets_max);
  EXPECT_EQ(openapi["components"]["parameters"]["IdempotencyKey"]["schema"]["maxLength"], limits::idempotency_key_bytes_max);
  const json& push = openapi["paths"]["/v1/readings"]["post"]["requestBody"]["content"]["application/json"]["schema"];
  EXPECT_EQ(push["oneOf"][1]["maxItems"], limits::readings_per_message_max);
  const json& bounds = asyncapi["channels"]["websocket"]["x-weir-limits"];
  EXPECT_EQ(bounds["message_bytes"], limits::websocket_message_bytes_max);
  EXPECT_EQ(bounds["subscriptions"], limits::subscriptions_per_connection_max);
  EXPECT_EQ(asyncapi["components"]["schemas"]["Id"]["maxLength"], limits::name_bytes_max);
}

TEST_F(ServerTest, DescriptionsAreServedToAnybodyAndCompressedWhereAsked) {
  for (const char* path : {"/openapi.json", "/asyncapi.json"}) {
    const auto plain = ask("GET", path);
    EXPECT_EQ(plain.status, 200);
    EXPECT_EQ(plain.header("content-type"), "application/json");
    EXPECT_EQ(json::parse(plain.body), description(path));
    const auto compressed = ask("GET", path, "Accept-Encoding: gzip\r\n");
    EXPECT_EQ(compressed.header("content-encoding"), "gzip");
    EXPECT_LT(compressed.body.size(), plain.body.size() / 3);
    EXPECT_EQ(ask("GET", path, "If-None-Match: " + plain.header("etag") + "\r\n").status, 304);
  }
}

TEST_F(ServerTest, NotReadyAnswersAsDescribed) {
  server.readiness = {false, {"the log has stopped"}};
  const auto answer = ask("GET", "/readyz");
  const json schema = description("/openapi.json")["components"]["schemas"]["Readiness"];
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.header("content-type"), "application/json");
  const json body = json::parse(answer.body);
  EXPECT_EQ(body.size(), schema["properties"].size());
  EXPECT_TRUE(names(schema["properties"]["status"]["enum"]).contains(body["status"]));
  EXPECT_EQ(body["reasons"], json::array({"the log has stopped"}));
}

}  // namespace
}  // namespace weir::gateway
