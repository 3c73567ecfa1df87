#include "server/http/origin.h"

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

TEST(SameOrigin, ComparesSchemeHostAndPort) {
  EXPECT_TRUE(same_origin("http://gw:8080", "gw:8080", false));
  EXPECT_TRUE(same_origin("http://GW:8080", "gw:8080", false));
  EXPECT_TRUE(same_origin("https://gw", "gw:443", true));
  EXPECT_TRUE(same_origin("http://gw:80", "gw", false));
}

TEST(SameOrigin, RefusesEverythingThatOnlyLooksLikeIt) {
  EXPECT_FALSE(same_origin("https://gw:8080", "gw:8080", false));
  EXPECT_FALSE(same_origin("http://gw:8080", "gw:8081", false));
  EXPECT_FALSE(same_origin("http://gw:8080.evil.example", "gw:8080", false));
  EXPECT_FALSE(same_origin("http://evil.example", "gw", false));
  EXPECT_FALSE(same_origin("null", "gw", false));
  EXPECT_FALSE(same_origin("http://", "", false));
}

TEST(OwnPage, IsSaidByOriginOrByFetchMetadata) {
  const std::vector<std::string> listed{"https://panel.example"};
  EXPECT_TRUE(from_own_page("http://gw", "", "gw", false, {}));
  EXPECT_TRUE(from_own_page("", "same-origin", "gw", false, {}));
  EXPECT_TRUE(from_own_page("https://panel.example", "cross-site", "gw", false, listed));
  EXPECT_FALSE(from_own_page("https://panel.example.evil", "", "gw", false, listed));
  EXPECT_FALSE(from_own_page("http://evil.example", "same-origin", "gw", false, {}));
  EXPECT_FALSE(from_own_page("", "cross-site", "gw", false, {}));
  EXPECT_FALSE(from_own_page("", "", "gw", false, {}));
}

}  // namespace
}  // namespace weir::gateway
