#include "server/http/request.h"

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

TEST(ContentLength, TakesDigitsOnly) {
  EXPECT_EQ(*parse_content_length(""), 0U);
  EXPECT_EQ(*parse_content_length("0"), 0U);
  EXPECT_EQ(*parse_content_length(" 1048576 "), 1048576U);
  for (const char* bad : {"-1", "+5", "5, 5", "5,5", "0x10", "1e3", "99999999999999999999", "five", "5 5"}) {
    EXPECT_FALSE(parse_content_length(bad).ok()) << bad;
  }
}

TEST(BearerToken, TakesTheSchemeInAnyCase) {
  EXPECT_EQ(bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(bearer_token("bearer  abc "), "abc");
  for (const char* none : {"", "Bearer", "Bearer ", "Basic YTpi", "Bearerabc"}) EXPECT_FALSE(bearer_token(none)) << none;
}

TEST(Cookie, IsFoundByItsWholeName) {
  EXPECT_EQ(cookie_value("a=1; weir_session=xyz; b=2", "weir_session"), "xyz");
  EXPECT_EQ(cookie_value("weir_session=", "weir_session"), "");
  EXPECT_FALSE(cookie_value("xweir_session=1; weir_session2=2", "weir_session"));
}

TEST(MediaType, IsLowerCaseWithoutParameters) {
  EXPECT_EQ(media_type("Application/JSON; charset=utf-8"), "application/json");
  EXPECT_EQ(media_type(""), "");
}

TEST(Wait, IsWholeSecondsUpToItsMost) {
  EXPECT_EQ(parse_wait("", std::chrono::seconds(60))->count(), 0);
  EXPECT_EQ(parse_wait("60", std::chrono::seconds(60))->count(), 60);
  for (const char* bad : {"61", "-1", "1.5", "1s", "x"}) EXPECT_FALSE(parse_wait(bad, std::chrono::seconds(60)).ok()) << bad;
}

}  // namespace
}  // namespace weir::gateway
