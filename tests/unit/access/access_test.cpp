#include "access/access.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "unit/access/access_fixture.h"

namespace weir::gateway {
namespace {

TEST_F(AccessTest, TokenOpensItsRoleAndNothingElseDoes) {
  const auto access = open();
  const std::string token = *access->add_token("cloud", Role::viewer);
  ASSERT_TRUE(access->by_token(token));
  EXPECT_EQ(access->by_token(token)->name, "token:cloud");
  EXPECT_EQ(access->by_token(token)->role, Role::viewer);
  for (const std::string& wrong : {std::string(), token.substr(0, token.size() - 1), token + "a", std::string("weir_"),
                                   token.substr(5), std::string(token.size(), 'a'), token + std::string(1, '\0')}) {
    EXPECT_FALSE(access->by_token(wrong)) << wrong;
  }
}

TEST_F(AccessTest, TokenIsFiftyTwoBase32CharactersAndNeverTheSameTwice) {
  const auto access = open();
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    const std::string token = *access->add_token("t" + std::to_string(i), Role::ingest);
    EXPECT_EQ(token.size(), 57U);
    EXPECT_EQ(token.substr(0, 5), "weir_");
    EXPECT_EQ(token.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567", 5), std::string::npos);
    EXPECT_TRUE(seen.insert(token).second);
  }
}

TEST_F(AccessTest, SecretsAreNotInTheFile) {
  const auto access = open();
  const std::string token = *access->add_token("cloud", Role::viewer);
  const std::string code = *access->add_code();
  const std::string session = *access->redeem(code);
  const std::string other_code = *access->add_code();
  const std::string text = file_text();
  for (const std::string& secret : {token, token.substr(12), code, session, other_code}) {
    EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  }
}

TEST_F(AccessTest, FileAndFolderAreForTheOwnerOnly) {
  const auto data_dir = folder_ / "made" / "here";
  const auto access = *Access::open(data_dir, clock_);
  ASSERT_TRUE(access->add_token("cloud", Role::viewer));
  EXPECT_EQ(mode_of(data_dir), 0700U);
  EXPECT_EQ(mode_of(data_dir / "access.json"), 0600U);
}

TEST_F(AccessTest, TokensAreListedInOrderWithAPrefixOnly) {
  const auto access = open();
  const std::string token = *access->add_token("cloud", Role::viewer);
  ASSERT_TRUE(access->add_token("boiler room", Role::operator_));
  const auto tokens = *access->tokens();
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].name, "cloud");
  EXPECT_EQ(tokens[0].prefix, token.substr(0, 11));
  EXPECT_EQ(tokens[0].created, clock_.wall());
  EXPECT_EQ(tokens[1].terms.role, Role::operator_);
}

TEST_F(AccessTest, NameIsGivenOnce) {
  const auto access = open();
  ASSERT_TRUE(access->add_token("cloud", Role::viewer));
  EXPECT_EQ(access->add_token("cloud", Role::admin).error().code, ErrorCode::conflict);
  EXPECT_EQ(access->add_token("", Role::admin).error().code, ErrorCode::invalid);
  EXPECT_EQ(access->add_token("a\nb", Role::admin).error().code, ErrorCode::invalid);
}

TEST_F(AccessTest, RevokedTokenIsRefusedAtOnce) {
  const auto access = open();
  const std::string token = *access->add_token("cloud", Role::viewer);
  const auto before = access->generation();
  ASSERT_TRUE(access->revoke_token("cloud"));
  EXPECT_FALSE(access->by_token(token));
  EXPECT_NE(access->generation(), before);
  EXPECT_EQ(access->revoke_token("cloud").error().code, ErrorCode::not_found);
}

TEST_F(AccessTest, RefusedChangeLeavesEarlierRightsAsTheyWere) {
  const auto access = open();
  const std::string token = *access->add_token("cloud", Role::viewer);
  const auto other = open();
  ASSERT_TRUE(other->revoke_token("cloud"));
  EXPECT_FALSE(access->revoke_token("cloud"));  // reads the new file, changes nothing
  EXPECT_FALSE(access->by_token(token));
}

TEST_F(AccessTest, WhatAnotherObjectChangesIsSeenAtTheNextQuestion) {
  const auto daemon = open(), tool = open();
  const auto before = daemon->generation();
  const std::string token = *tool->add_token("cloud", Role::viewer);
  EXPECT_TRUE(daemon->by_token(token));
  EXPECT_NE(daemon->generation(), before);
  ASSERT_TRUE(tool->revoke_token("cloud"));
  EXPECT_FALSE(daemon->by_token(token));
}

TEST_F(AccessTest, TwoProcessesLoseNoneOfEachOthersTokens) {
  constexpr int each = 25;
  const auto add_many = [&](const std::string& who) {
    const auto access = open();
    bool all = true;
    for (int i = 0; i < each; ++i) all = access->add_token(who + std::to_string(i), Role::viewer).ok() && all;
    return all;
  };
  const pid_t child = ::fork();
  if (child == 0) ::_exit(add_many("child") ? 0 : 1);
  EXPECT_TRUE(add_many("parent"));
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(open()->tokens()->size(), 2U * each);
}

TEST_F(AccessTest, RightsSurviveARestart) {
  const std::string token = *open()->add_token("cloud", Role::admin);
  EXPECT_EQ(open()->by_token(token)->role, Role::admin);
}

TEST_F(AccessTest, ThousandAndFirstTokenIsRefused) {
  write_file(file_with_tokens(access_limits::tokens_max));
  const auto access = open();
  EXPECT_EQ(access->add_token("one more", Role::viewer).error().code, ErrorCode::full);
}

TEST(Role, RightsAreThoseOfTheContract) {
  const auto rights = [](Role role) {
    std::string text;
    for (const auto& [right, letter] :
         {std::pair{Right::read, 'r'}, {Right::command, 'c'}, {Right::ingest, 'i'}, {Right::administer, 'a'}}) {
      if (allows(role, right)) text += letter;
    }
    return text;
  };
  EXPECT_EQ(rights(Role::viewer), "r");
  EXPECT_EQ(rights(Role::operator_), "rc");
  EXPECT_EQ(rights(Role::admin), "rca");
  EXPECT_EQ(rights(Role::ingest), "i");
}

TEST(Role, NamesReadBack) {
  for (const Role role : {Role::viewer, Role::operator_, Role::admin, Role::ingest}) EXPECT_EQ(role_from(to_string(role)), role);
  EXPECT_FALSE(role_from("root"));
  EXPECT_FALSE(role_from(""));
}

}  // namespace
}  // namespace weir::gateway
