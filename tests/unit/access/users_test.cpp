// Users and their pass phrases, and the wait of whoever guesses.
#include <tuple>

#include "access/backoff.h"
#include "access/pass_phrases.h"
#include "unit/access/access_fixture.h"

namespace weir::gateway {
namespace {

using namespace access_limits;
using std::chrono::hours;
using std::chrono::seconds;

constexpr const char* phrase = "correct horse battery";
constexpr const char* home = "192.0.2.7";

class UsersTest : public AccessTest {
 protected:
  void SetUp() override {
    AccessTest::SetUp();
    access = open();
    ASSERT_TRUE(access->add_user("kim", Role::admin, hash()).ok());
  }

  static const std::string& hash() {
    static const std::string once = *hash_pass_phrase(phrase);
    return once;
  }

  /// As the server does it.
  Result<std::string> sign_in(const std::string& user, std::string_view typed, const std::string& from = home) {
    if (access->sign_in_wait(user, from).count() > 0) return Error{ErrorCode::full, "wait"};
    const std::string stored = access->begin_sign_in(user, from);
    ++hashed;
    if (!fits(stored, typed)) return Error{ErrorCode::unauthorised, "wrong"};
    return access->finish_sign_in(user, stored, from);
  }

  std::unique_ptr<Access> access;
  unsigned hashed = 0;
};

TEST(PassPhrase, FitsItsHashAndOnlyThat) {
  const std::string hash = *hash_pass_phrase(phrase);
  EXPECT_EQ(hash.substr(0, 31), "$argon2id$v=19$m=19456,t=2,p=1$");
  EXPECT_TRUE(fits(hash, phrase));
  const std::string right(phrase);
  for (const std::string& wrong : {std::string(), right.substr(1), right.substr(0, right.size() - 1), right + "a",
                                   right + std::string(1, '\0'), std::string("Correct horse battery")}) {
    EXPECT_FALSE(fits(hash, wrong)) << wrong;
  }
  EXPECT_NE(*hash_pass_phrase(phrase), hash) << "salted";
}

TEST(PassPhrase, HasTwelveCharactersOrMoreHoweverManyBytesTheyHave) {
  for (const char* good : {"123456789012", "열두 글자의 한국어 문구다", "correct horse battery staple"})
    EXPECT_TRUE(check_pass_phrase(good).ok()) << good;
  for (const std::string& bad : {std::string(), std::string("12345678901"), std::string("가나다라마바사아자차카"),
                                 std::string(1025, 'a'), std::string("123456789\xff 12"), std::string("123456789012\0a", 14)})
    EXPECT_EQ(check_pass_phrase(bad).error().code, ErrorCode::invalid) << bad;
}

TEST(PassPhrase, HashOfOtherParametersIsOutdated) {
  EXPECT_FALSE(outdated(*hash_pass_phrase(phrase)));
  EXPECT_TRUE(outdated("$argon2id$v=19$m=8192,t=2,p=1$c2FsdCBvZiBub2JvZHkuLg$bm8gcGFzcyBwaHJhc2Ugb2YgdGhpcyB3b3JsZCBmaXQ"));
}

TEST(PassPhrase, HashOfNobodyIsAsCostlyAndFitsNothing) {
  EXPECT_FALSE(outdated(decoy_hash()));
  EXPECT_EQ(decoy_hash().size(), hash_pass_phrase(phrase)->size());
  EXPECT_FALSE(fits(decoy_hash(), ""));
}

TEST_F(UsersTest, PassPhraseOpensASessionOfTheUser) {
  const auto session = sign_in("kim", phrase);
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(access->by_session(*session)->name, "user:kim");
  EXPECT_EQ(access->by_session(*session)->role, Role::admin);
  EXPECT_EQ(access->sessions().at(0).from, home);
  EXPECT_EQ(file_text().find(phrase), std::string::npos);
}

TEST_F(UsersTest, WrongPassPhraseOrUserDoesNot) {
  EXPECT_FALSE(sign_in("kim", "correct horse batterx").ok());
  clock_.advance(seconds{1});
  EXPECT_FALSE(sign_in("lee", phrase).ok());
  EXPECT_TRUE(access->sessions().empty());
}

TEST_F(UsersTest, WrongOnesWaitTwiceAsLongEachTimeUpToFiveMinutes) {
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 11; ++i) {
    EXPECT_FALSE(sign_in("kim", "wrong").ok());
    waits.push_back(access->sign_in_wait("kim", home).count());
    EXPECT_EQ(sign_in("kim", phrase).error().code, ErrorCode::full) << "while it waits nothing is judged";
    clock_.advance(seconds{waits.back()});
    EXPECT_EQ(access->sign_in_wait("kim", home).count(), 0);
  }
  EXPECT_EQ(waits, (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}));
  EXPECT_TRUE(sign_in("kim", phrase).ok()) << "and then the right one is let in: nobody is locked out for good";
}

TEST_F(UsersTest, AnAddressWaitsWhateverUserItGuessesAndAUserWhateverAddressGuesses) {
  EXPECT_FALSE(sign_in("kim", "wrong").ok());
  EXPECT_GT(access->sign_in_wait("lee", home).count(), 0);
  EXPECT_GT(access->sign_in_wait("kim", "192.0.2.8").count(), 0);
  EXPECT_EQ(access->sign_in_wait("lee", "192.0.2.8").count(), 0);
}

TEST_F(UsersTest, GuessesFromElsewhereDoNotLockOutWhereTheUserIsSignedIn) {
  ASSERT_TRUE(sign_in("kim", phrase).ok());
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(sign_in("kim", "wrong", "198.51.100." + std::to_string(i)).ok());
    clock_.advance(access->sign_in_wait("kim", "203.0.113.1"));
  }
  EXPECT_FALSE(sign_in("kim", "wrong", "198.51.100.9").ok());
  EXPECT_GT(access->sign_in_wait("kim", "203.0.113.1").count(), 0);
  EXPECT_TRUE(sign_in("kim", phrase).ok());
}

TEST_F(UsersTest, RightOnesOfItsOwnDoNotLetAnAddressGuessAtOthers) {
  ASSERT_TRUE(access->add_user("mallory", Role::viewer, hash()).ok());
  ASSERT_TRUE(sign_in("kim", phrase).ok());  // from the same address, behind the same router
  unsigned guesses = 0;
  for (int i = 0; i < 1000; ++i) {
    if (sign_in("kim", "wrong").error().code == ErrorCode::unauthorised) ++guesses;
    std::ignore = sign_in("mallory", phrase);
    clock_.advance(seconds{1});
  }
  EXPECT_LT(guesses, 13U);
}

TEST_F(UsersTest, ACodeMadeAtTheMachineEndsEveryWait) {
  for (int i = 0; i < 9; ++i) {
    EXPECT_FALSE(sign_in("kim", "wrong").ok());
    clock_.advance(access->sign_in_wait("kim", home));
  }
  EXPECT_FALSE(sign_in("kim", "wrong").ok());
  EXPECT_GT(access->redeem_wait(home).count(), 100);
  const std::string code = *open()->add_code();
  EXPECT_TRUE(access->redeem(code, home).ok());
  EXPECT_TRUE(sign_in("kim", phrase).ok());
}

/// As fast as they are answered, from a thousand addresses in turn: a week of it at ten a second would be six million.
TEST_F(UsersTest, AMillionGuessesGetNowhere) {
  for (int i = 0; i < 1'000'000; ++i) {
    const std::string from = "10.0." + std::to_string(i % 1000 / 250) + "." + std::to_string(i % 250);
    if (access->sign_in_wait("kim", from).count() == 0) {
      access->begin_sign_in("kim", from);
      ++hashed;
    }
    if (i % 10 == 0) clock_.advance(seconds{1});
  }
  EXPECT_LT(hashed, 10 + 100'000 / 300);
  EXPECT_GT(hashed, 300U);
  EXPECT_TRUE(access->sessions().empty());
}

TEST_F(UsersTest, NamesAreThere1TimeAndTheFirstIsAnAdmin) {
  EXPECT_EQ(access->add_user("kim", Role::viewer, hash()).error().code, ErrorCode::conflict);
  EXPECT_EQ(access->add_user("a\nb", Role::viewer, hash()).error().code, ErrorCode::invalid);
  EXPECT_EQ(access->add_user("pusher", Role::ingest, hash()).error().code, ErrorCode::invalid);
  const auto fresh = *Access::open(folder_ / "fresh", clock_);
  EXPECT_EQ(fresh->add_user("viewer", Role::viewer, hash()).error().code, ErrorCode::conflict);
}

TEST_F(UsersTest, FiftyFirstUserIsRefused) {
  for (std::size_t i = 1; i < users_max; ++i) ASSERT_TRUE(access->add_user("u" + std::to_string(i), Role::viewer, hash()).ok());
  EXPECT_EQ(access->add_user("one more", Role::viewer, hash()).error().code, ErrorCode::full);
}

TEST_F(UsersTest, TheLastAdminStaysOne) {
  ASSERT_TRUE(access->add_user("lee", Role::operator_, hash()).ok());
  EXPECT_EQ(access->remove_user("kim").error().code, ErrorCode::conflict);
  EXPECT_EQ(access->set_role("kim", Role::viewer).error().code, ErrorCode::conflict);
  ASSERT_TRUE(access->set_role("lee", Role::admin).ok());
  EXPECT_TRUE(access->remove_user("kim").ok());
}

TEST_F(UsersTest, RoleOfAUserIsThatOfItsSessionsAtOnce) {
  ASSERT_TRUE(access->add_user("lee", Role::operator_, hash()).ok());
  const std::string session = *sign_in("lee", phrase);
  const auto before = access->generation();
  ASSERT_TRUE(open()->set_role("lee", Role::viewer).ok());
  EXPECT_EQ(access->by_session(session)->role, Role::viewer);
  EXPECT_NE(access->generation(), before);
  ASSERT_TRUE(open()->remove_user("lee").ok());
  EXPECT_FALSE(access->by_session(session));
}

TEST_F(UsersTest, NewPassPhraseEndsTheOtherSessions) {
  const std::string here = *sign_in("kim", phrase), there = *sign_in("kim", phrase);
  ASSERT_TRUE(access->set_pass_phrase("kim", *hash_pass_phrase("another pass phrase"), here).ok());
  EXPECT_TRUE(access->by_session(here));
  EXPECT_FALSE(access->by_session(there));
  EXPECT_FALSE(sign_in("kim", phrase).ok());
  clock_.advance(seconds{1});
  EXPECT_TRUE(sign_in("kim", "another pass phrase").ok());
}

TEST_F(UsersTest, PassPhraseThatWasChangedWhileItWasCheckedOpensNothing) {
  const std::string stored = access->begin_sign_in("kim", home);
  ASSERT_TRUE(open()->set_pass_phrase("kim", *hash_pass_phrase("another pass phrase")).ok());
  EXPECT_EQ(access->finish_sign_in("kim", stored, home).error().code, ErrorCode::unauthorised);
  EXPECT_EQ(access->renew_hash("kim", stored, *hash_pass_phrase(phrase)).error().code, ErrorCode::not_found);
}

TEST_F(AccessTest, NobodyHasRightsUntilSomebodyHas) {
  const auto access = open();
  EXPECT_TRUE(access->first_start());
  const auto code = *access->add_first_code();
  ASSERT_TRUE(code);
  EXPECT_FALSE(access->add_first_code()->has_value()) << "one at a time";
  EXPECT_TRUE(access->first_start()) << "a code is no right yet";
  const std::string session = *access->redeem(*code);
  EXPECT_FALSE(access->first_start());
  EXPECT_FALSE(access->add_first_code()->has_value());
  ASSERT_TRUE(access->end_session(session).ok());
  EXPECT_TRUE(access->first_start());
  ASSERT_TRUE(open()->add_token("cloud", Role::viewer).ok());
  EXPECT_FALSE(access->first_start());
}

TEST_F(AccessTest, FirstCodeComesAgainWhenItIsTooOldAndForgivesNoGuesses) {
  const auto access = open();
  ASSERT_TRUE(access->add_first_code()->has_value());
  EXPECT_FALSE(access->redeem("0000-0000", home).ok() && access->redeem("0000-0001", home).ok());
  const auto wait = access->redeem_wait(home);
  EXPECT_GT(wait.count(), 0);
  clock_.advance(hours{24 * 365 * 20});  // the clock is set at last
  EXPECT_TRUE(access->add_first_code()->has_value());
}

TEST(Backoff, WhoHasShownNothingWrongNeverWaitsHoweverFullTheTableIs) {
  Backoff backoff;
  const Monotonic now{seconds{1'000'000}};
  for (int i = 0; i < 10'000; ++i) backoff.count("bad " + std::to_string(i), now);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(backoff.wait("good " + std::to_string(i), now).count(), 0);
}

TEST(Backoff, TheOneWithTheMostWrongTriesIsNotPushedOutByMany) {
  Backoff backoff;
  const Monotonic now{seconds{1'000'000}};
  for (int i = 0; i < 20; ++i) backoff.count("guesser", now);
  for (int i = 0; i < 4'000; ++i) backoff.count("other " + std::to_string(i), now);
  EXPECT_EQ(backoff.wait("guesser", now).count(), 300);
}

TEST(Backoff, IsForgottenAfterAnHour) {
  Backoff backoff;
  Monotonic now{seconds{1'000'000}};
  for (int i = 0; i < 20; ++i) backoff.count("who", now);
  now += Backoff::forgotten_after;
  backoff.count("who", now);
  EXPECT_EQ(backoff.wait("who", now).count(), 1);
}

TEST(Backoff, NetworkOfAnAddress) {
  EXPECT_EQ(network_of("2001:db8:1:2::3"), network_of("2001:db8:1:2:ffff::"));
  EXPECT_NE(network_of("2001:db8:1:2::3"), network_of("2001:db8:1:3::3"));
  EXPECT_EQ(network_of("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(network_of("::ffff:192.0.2.7"), "::ffff:192.0.2.7");
}

TEST_F(AccessTest, WrongTokensOfAnAddressWaitAfterTheTenth) {
  const auto access = open();
  for (unsigned i = 0; i <= wrong_tokens_free; ++i) EXPECT_EQ(access->wrong_token(home).count(), 0) << i;
  EXPECT_EQ(access->wrong_token(home).count(), 1);
  EXPECT_EQ(access->wrong_token("192.0.2.8").count(), 0);
  EXPECT_EQ(access->sign_in_wait("kim", home).count(), 0) << "a device with an old token locks nobody out";
}

}  // namespace
}  // namespace weir::gateway
