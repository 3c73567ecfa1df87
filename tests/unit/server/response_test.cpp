#include "server/http/response.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "server/http/problem.h"
#include "server/http/route.h"

namespace weir::gateway {
namespace {

TEST(Response, HeadHasStatusHeadersAndLength) {
  const Response response = json_response(200, "{}");
  EXPECT_EQ(head_of(response, Framing::length), "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n");
}

TEST(Response, NoHeaderValueSplitsIt) {
  Response response;
  response.with("Location", "/x\r\nSet-Cookie: a=b");
  EXPECT_EQ(response.headers, "Location: /xSet-Cookie: a=b\r\n");
}

TEST(Chunk, HeadIsHexadecimal) {
  EXPECT_EQ(chunk_head(0x1234), "1234\r\n");
  EXPECT_EQ(chunk_head(255), "ff\r\n");
}

TEST(Problem, HasTheMembersOfRfc9457) {
  const auto json = nlohmann::json::parse(problem_json(400, "after: \"x\" is no cursor"));
  EXPECT_EQ(json,
            nlohmann::json(
                {{"type", "about:blank"}, {"title", "Bad Request"}, {"status", 400}, {"detail", "after: \"x\" is no cursor"}}));
}

TEST(Problem, EchoesNoInvalidText) { EXPECT_TRUE(nlohmann::json::accept(problem_json(400, "kinds: \xff\xfe"))); }

TEST(Problem, SaysWhenToComeBack) {
  EXPECT_NE(problem(Error{ErrorCode::full, "full"}).headers.find("Retry-After: 1"), std::string::npos);
  EXPECT_EQ(problem(Error{ErrorCode::full, "full"}).status, 503U);
}

TEST(Route, MatchesWholePathsAndTakesNamesWithSlashes) {
  EXPECT_EQ(match_path("/v1/devices", "/v1/devices"), "");
  EXPECT_FALSE(match_path("/v1/devices", "/v1/devices/"));
  EXPECT_EQ(match_path("/v1/devices/{device}", "/v1/devices/hall/boiler"), "hall/boiler");
  EXPECT_EQ(match_path("/v1/devices/{device}/commands", "/v1/devices/a/b/commands"), "a/b");
  EXPECT_FALSE(match_path("/v1/devices/{device}", "/v1/devices/"));
  EXPECT_FALSE(match_path("/v1/devices/{device}/commands", "/v1/devices/commands"));
}

}  // namespace
}  // namespace weir::gateway
