#include <set>

#include "unit/access/access_fixture.h"

namespace weir::gateway {
namespace {

using namespace access_limits;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// A code that is certainly not `code`.
std::string other_than(std::string code) {
  code[0] = code[0] == '1' ? '2' : '1';
  return code;
}

TEST_F(AccessTest, CodeBecomesASessionOnce) {
  const auto access = open();
  const std::string code = *access->add_code();
  ASSERT_EQ(code.size(), 9U);
  EXPECT_EQ(code[4], '-');
  const auto session = access->redeem(code);
  ASSERT_TRUE(session.ok());
  ASSERT_TRUE(access->by_session(*session));
  EXPECT_EQ(access->by_session(*session)->role, Role::admin);
  EXPECT_EQ(access->by_session(*session)->name.substr(0, 8), "session:");
  EXPECT_EQ(access->redeem(code).error().code, ErrorCode::unauthorised);
}

TEST_F(AccessTest, CodeMayBeTypedWithoutItsHyphen) {
  const auto access = open();
  const std::string code = *access->add_code();
  EXPECT_TRUE(access->redeem(" " + code.substr(0, 4) + code.substr(5)).ok());
}

TEST_F(AccessTest, CodeMadeByAnotherProcessIsKnown) {
  const auto daemon = open(), tool = open();
  EXPECT_TRUE(daemon->redeem(*tool->add_code()).ok());
}

TEST_F(AccessTest, CodeEndsAfterTenMinutes) {
  const auto access = open();
  const std::string code = *access->add_code();
  clock_.advance(code_lifetime - seconds{1});
  const std::string second = *access->add_code();
  clock_.advance(seconds{1});
  EXPECT_FALSE(access->redeem(code).ok());
  clock_.advance(seconds{1});
  EXPECT_TRUE(access->redeem(second).ok());
}

TEST_F(AccessTest, FiveWrongTriesVoidTheCode) {
  const auto access = open();
  const std::string code = *access->add_code();
  for (unsigned i = 0; i < code_tries_max; ++i) {
    EXPECT_EQ(access->redeem(other_than(code)).error().code, ErrorCode::unauthorised);
    clock_.advance(access->redeem_wait());
  }
  EXPECT_EQ(access->redeem(code).error().code, ErrorCode::unauthorised);
}

TEST_F(AccessTest, FourWrongTriesDoNot) {
  const auto access = open();
  const std::string code = *access->add_code();
  for (unsigned i = 0; i + 1 < code_tries_max; ++i) {
    EXPECT_FALSE(access->redeem(other_than(code)).ok());
    clock_.advance(access->redeem_wait());
  }
  EXPECT_TRUE(access->redeem(code).ok());
}

TEST_F(AccessTest, WrongCodesAreSlowedDownForEverybody) {
  const auto access = open();
  const std::string code = *access->add_code();
  EXPECT_EQ(access->redeem_wait(), seconds{0});
  EXPECT_FALSE(access->redeem(other_than(code)).ok());
  EXPECT_EQ(access->redeem_wait(), seconds{1});
  EXPECT_EQ(access->redeem(code).error().code, ErrorCode::full);
  clock_.advance(seconds{1});
  EXPECT_FALSE(access->redeem(other_than(code)).ok());
  EXPECT_EQ(access->redeem_wait(), seconds{2});
  EXPECT_EQ(open()->redeem(code).error().code, ErrorCode::full);  // a restart doesn't shorten the wait
  clock_.advance(seconds{2});
  EXPECT_TRUE(access->redeem(code).ok());
}

TEST_F(AccessTest, AMillionGuessesAtOneCodeGetNowhere) {
  const auto access = open();
  const std::string code = *access->add_code();
  unsigned judged = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    if (access->redeem(other_than(code)).error().code == ErrorCode::unauthorised) ++judged;
    if (i % 1000 == 0) clock_.advance(seconds{1});
    if (judged >= code_tries_max) break;
  }
  EXPECT_EQ(judged, code_tries_max);
  const auto size = std::filesystem::last_write_time(file());
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(access->redeem(code).ok());
  EXPECT_EQ(std::filesystem::last_write_time(file()), size);  // guessing at nothing does not wear the flash
}

TEST_F(AccessTest, NonsenseIsAWrongCode) {
  const auto access = open();
  ASSERT_TRUE(access->add_code().ok());
  for (const std::string& typed :
       {std::string(), std::string("--------"), std::string(1'000'000, '1'), std::string("1234-567\0", 9)}) {
    EXPECT_FALSE(access->redeem(typed).ok());
    clock_.advance(access->redeem_wait());
  }
}

TEST_F(AccessTest, SeventeenthCodeEndsTheOldest) {
  const auto access = open();
  const std::string oldest = *access->add_code();
  std::string newest;
  for (std::size_t i = 0; i < codes_max; ++i) newest = *access->add_code();
  EXPECT_TRUE(access->redeem(newest).ok());
  EXPECT_FALSE(access->redeem(oldest).ok());
}

TEST_F(AccessTest, SessionEndsWhenAsked) {
  const auto access = open();
  const std::string session = *access->redeem(*access->add_code());
  const auto before = access->generation();
  ASSERT_TRUE(access->end_session(session).ok());
  EXPECT_FALSE(access->by_session(session));
  EXPECT_NE(access->generation(), before);
  EXPECT_EQ(access->end_session(session).error().code, ErrorCode::not_found);
}

TEST_F(AccessTest, SessionEndsWhenNobodyUsesIt) {
  const auto access = open();
  const std::string session = *access->redeem(*access->add_code());
  clock_.advance(session_idle_max - seconds{1});
  EXPECT_TRUE(access->by_session(session));  // and is used by this
  clock_.advance(session_idle_max - seconds{1});
  EXPECT_TRUE(open()->by_session(session));
  clock_.advance(session_idle_max);
  EXPECT_FALSE(access->by_session(session));
}

TEST_F(AccessTest, SessionEndsAfterTwelveHoursHoweverBusy) {
  const auto access = open();
  const std::string session = *access->redeem(*access->add_code());
  for (auto age = minutes{0}; age + minutes{20} < session_age_max; age += minutes{20}) {
    ASSERT_TRUE(access->by_session(session)) << age.count();
    clock_.advance(minutes{20});
  }
  const auto before = access->generation();
  clock_.advance(minutes{20});
  EXPECT_NE(access->generation(), before);
  EXPECT_FALSE(access->by_session(session));
}

TEST_F(AccessTest, WhatASessionWasUsedForLastIsKeptThroughOtherChangesAndOnFlashToFiveMinutes) {
  const auto access = open();
  const std::string session = *access->redeem(*access->add_code());
  clock_.advance(session_written_after - seconds{1});
  ASSERT_TRUE(access->by_session(session));
  const auto seen = clock_.wall();
  ASSERT_TRUE(open()->add_code().ok());  // another process writes what it knows of
  clock_.advance(seconds{1});
  EXPECT_EQ(access->sessions().at(0).seen, seen);
  ASSERT_TRUE(access->by_session(session));
  EXPECT_EQ(open()->sessions().at(0).seen, clock_.wall());
}

TEST_F(AccessTest, EleventhSessionOfOneEndsItsOldest) {
  const auto access = open();
  const std::string oldest = *access->redeem(*access->add_code());
  std::string newest;
  for (std::size_t i = 0; i < sessions_per_user_max; ++i) newest = *access->redeem(*access->add_code());
  EXPECT_FALSE(access->by_session(oldest));
  EXPECT_TRUE(access->by_session(newest));
}

TEST_F(AccessTest, TokenIsNoSessionAndSessionNoToken) {
  const auto access = open();
  const std::string token = *access->add_token("cloud", Role::admin);
  const std::string session = *access->redeem(*access->add_code());
  EXPECT_FALSE(access->by_session(token));
  EXPECT_FALSE(access->by_token(session));
  EXPECT_FALSE(access->by_session(""));
}

}  // namespace
}  // namespace weir::gateway
