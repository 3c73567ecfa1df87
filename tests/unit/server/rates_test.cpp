#include "server/rates.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

const Monotonic begin = Monotonic{} + 1h;

TEST(TokenBucket, GivesABurstThenItsRate) {
  TokenBucket bucket;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(bucket.take(begin, 10)) << i;
  EXPECT_FALSE(bucket.take(begin, 10));
  EXPECT_FALSE(bucket.take(begin + 99ms, 10));
  EXPECT_TRUE(bucket.take(begin + 101ms, 10));
  EXPECT_FALSE(bucket.take(begin + 102ms, 10));
  int taken = 0;
  for (auto at = begin + 200ms; at < begin + 10'200ms; at += 1ms) taken += bucket.take(at, 10) ? 1 : 0;
  EXPECT_NEAR(taken, 100, 1);
}

TEST(TokenBucket, WhatIsRefusedCostsNothing) {
  TokenBucket bucket;
  for (int i = 0; i < 1000; ++i) (void)bucket.take(begin, 1);
  EXPECT_TRUE(bucket.take(begin + 1s, 1));
}

TEST(AddressRates, EachAddressHasItsOwn) {
  AddressRates rates;
  EXPECT_TRUE(rates.take("203.0.113.1", begin, 1));
  EXPECT_TRUE(rates.take("203.0.113.1", begin, 1));
  EXPECT_FALSE(rates.take("203.0.113.1", begin, 1));
  EXPECT_TRUE(rates.take("203.0.113.2", begin, 1));
  EXPECT_TRUE(rates.take("203.0.113.1", begin + 1s, 1));
}

TEST(AddressRates, ANetworkOfIpV6IsOne) {
  AddressRates rates;
  EXPECT_TRUE(rates.take("2001:db8:1:2::1", begin, 1));
  EXPECT_TRUE(rates.take("2001:db8:1:2::2", begin, 1));
  EXPECT_FALSE(rates.take("2001:db8:1:2:ffff::3", begin, 1));
  EXPECT_TRUE(rates.take("2001:db8:1:3::1", begin, 1));
}

TEST(AddressRates, ManyAddressesGetNoMoreThanTheTableGives) {
  AddressRates rates;
  int taken = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 50'000; ++i) {
      const std::string address =
          "10." + std::to_string(i >> 16) + '.' + std::to_string(i >> 8 & 255) + '.' + std::to_string(i & 255);
      taken += rates.take(address, begin, 1) ? 1 : 0;
    }
  }
  EXPECT_EQ(taken, 4096 * 2);
  EXPECT_TRUE(rates.take("203.0.113.1", begin + 2s, 1));
}

TEST(Accounts, ThoseAtRestGoWhenThereAreMany) {
  Accounts accounts;
  Account& busy = accounts.of("token:busy", begin, 1);
  busy.connections = 1;
  for (std::size_t i = 0; i < 3 * Accounts::accounts_max; ++i) accounts.of("token:" + std::to_string(i), begin, 1);
  EXPECT_LE(accounts.size(), Accounts::accounts_max);
  EXPECT_EQ(&accounts.of("token:busy", begin, 1), &busy);
}

}  // namespace
}  // namespace weir::gateway
