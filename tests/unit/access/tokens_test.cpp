// What a token is limited to, and until when.
#include "unit/access/access_fixture.h"

namespace weir::gateway {
namespace {

using namespace access_limits;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Scope, LetsThroughWhatItsGlobsName) {
  const Scope scope{"boiler*, pump-?", "reading,dev*"};
  EXPECT_TRUE(scope.limited());
  for (const char* name : {"boiler", "boiler-1", "pump-1"}) EXPECT_TRUE(scope.has_device(name)) << name;
  for (const char* name : {"pump-10", "my boiler", "", "*"}) EXPECT_FALSE(scope.has_device(name)) << name;
  EXPECT_TRUE(scope.has_kind("reading") && scope.has_kind("device"));
  EXPECT_FALSE(scope.has_kind("command"));
  EXPECT_FALSE(Scope{}.limited());
  EXPECT_TRUE(Scope{}.has_device("") && Scope{}.has_kind("loss"));
}

TEST_F(AccessTest, ScopeAndExpiryAreKeptAndAnswered) {
  const auto expires = clock_.wall() + hours{24};
  const std::string token = *open()->add_token("cloud", {Role::viewer, {"boiler*", "reading"}, expires});
  const auto access = open();
  EXPECT_EQ(access->by_token(token)->scope, (Scope{"boiler*", "reading"}));
  EXPECT_EQ(access->tokens()->at(0).terms.expires, expires);
}

TEST_F(AccessTest, TokenEndsAtItsTimeAndWhoHoldsItIsAskedAgain) {
  const auto access = open();
  const std::string token = *access->add_token("guest", {Role::viewer, {}, clock_.wall() + hours{1}});
  clock_.advance(hours{1} - seconds{1});
  EXPECT_TRUE(access->by_token(token));
  const auto before = access->generation();
  EXPECT_EQ(access->generation(), before);
  clock_.advance(seconds{1});
  EXPECT_NE(access->generation(), before);
  EXPECT_FALSE(access->by_token(token));
}

TEST_F(AccessTest, TermsOfATokenCanBeChanged) {
  const auto access = open();
  const std::string token = *access->add_token("cloud", Role::viewer);
  const auto before = access->generation();
  ASSERT_TRUE(open()->change_token("cloud", {Role::operator_, {"pump*", ""}}).ok());
  EXPECT_EQ(access->by_token(token)->role, Role::operator_);
  EXPECT_EQ(access->by_token(token)->scope.devices, "pump*");
  EXPECT_NE(access->generation(), before);
  EXPECT_EQ(access->change_token("nobody", Role::viewer).error().code, ErrorCode::not_found);
}

TEST_F(AccessTest, TermsThatMakeNoSenseAreRefused) {
  const auto access = open();
  const std::string many(1000, ',');
  for (const TokenTerms& terms : {TokenTerms{Role::viewer, {"a,,b", ""}},
                                  {Role::viewer, {many, ""}},
                                  {Role::viewer, {"", "readings"}},
                                  {Role::viewer, {std::string(129, 'a'), ""}},
                                  {Role::admin, {"boiler*", ""}},
                                  {Role::viewer, {}, clock_.wall()}}) {
    EXPECT_EQ(access->add_token("t", terms).error().code, ErrorCode::invalid) << terms.scope.devices << terms.scope.kinds;
  }
}

TEST_F(AccessTest, LastUseIsExactInMemoryAndOnFlashToAnHour) {
  const auto access = open();
  const std::string token = *access->add_token("cloud", Role::viewer);
  EXPECT_FALSE(access->tokens()->at(0).used);
  ASSERT_TRUE(access->by_token(token));
  EXPECT_EQ(open()->tokens()->at(0).used, clock_.wall()) << "the first at once";
  const auto written = std::filesystem::last_write_time(file());
  const auto first = clock_.wall();
  clock_.advance(token_written_after - seconds{1});
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(access->by_token(token));
  EXPECT_EQ(std::filesystem::last_write_time(file()), written);
  EXPECT_EQ(open()->tokens()->at(0).used, first);
  EXPECT_EQ(access->tokens()->at(0).used, clock_.wall());
  clock_.advance(seconds{1});
  ASSERT_TRUE(access->by_token(token));
  EXPECT_EQ(open()->tokens()->at(0).used, clock_.wall());
}

TEST_F(AccessTest, LastUseIsWrittenAtTheEnd) {
  auto access = open();
  const std::string token = *access->add_token("cloud", Role::viewer);
  ASSERT_TRUE(access->by_token(token));
  clock_.advance(minutes{5});
  ASSERT_TRUE(access->by_token(token));
  access.reset();
  EXPECT_EQ(open()->tokens()->at(0).used, clock_.wall());
}

TEST_F(AccessTest, FileOfVersion1IsReadAndWrittenAsVersion2) {
  write_file(file_with_tokens(3));
  const auto access = open();
  EXPECT_EQ(access->tokens()->size(), 3U);
  EXPECT_FALSE(access->tokens()->at(0).terms.scope.limited());
  ASSERT_TRUE(access->revoke_token("t0").ok());
  EXPECT_NE(file_text().find("\"version\": 2"), std::string::npos);
}

}  // namespace
}  // namespace weir::gateway
