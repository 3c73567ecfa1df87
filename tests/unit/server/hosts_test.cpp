#include "server/http/hosts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "server/loop/socket_state.h"
#include "server/strangers.h"
#include "server/tickets.h"

namespace weir::gateway {
namespace {

TEST(Hosts, AddressesAndOwnNamesAreKnown) {
  const Hosts hosts({"gateway.example"}, {"https://panel.example:8443", "http://plain.example"});
  for (const char* host :
       {"127.0.0.1", "192.0.2.7:8080", "[::1]", "[2001:db8::1]:80", "localhost", "LOCALHOST:8080", "localhost.", "x.localhost",
        "gateway.example", "Gateway.Example:443", "panel.example", "plain.example:81"})
    EXPECT_TRUE(hosts.known(host)) << host;
  char name[256] = "";
  ASSERT_EQ(gethostname(name, sizeof name), 0);
  EXPECT_TRUE(hosts.known(name));
  EXPECT_TRUE(hosts.known(std::string(name) + ".local"));
}

TEST(Hosts, EverythingElseIsForeign) {
  const Hosts hosts({"gateway.example"}, {});
  for (const char* host :
       {"evil.example", "gateway.example.evil", "xgateway.example", "localhost.evil", "127.0.0.1.evil", "", "[::1", "[]",
        "[::1]x", "[127.0.0.1]", "localhost:", "localhost:8x", "localhost:123456", "a@localhost", "localhost, evil.example"})
    EXPECT_FALSE(hosts.known(host)) << host;
}

TEST(Strangers, TheOldestMakesRoom) {
  Strangers strangers;
  for (std::uint64_t id = 1; id <= stranger_limits::strangers_max; ++id) EXPECT_FALSE(strangers.add(id));
  strangers.remove(1);
  EXPECT_FALSE(strangers.add(100));
  EXPECT_EQ(strangers.add(101), 2U);
  EXPECT_EQ(strangers.size(), stranger_limits::strangers_max);
}

TEST(Network, OfIpv6IsSixtyFourBits) {
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
  EXPECT_EQ(network_of("2001:db8:1:2::"), network_of("2001:db8:1:2:ffff::1"));
  EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
  EXPECT_EQ(network_of("192.0.2.7"), "192.0.2.7");
}

class TicketsTest : public testing::Test {
 protected:
  Tickets tickets_;
  Monotonic now_{std::chrono::hours(1)};
  const Credential credential_{Credential::Kind::token, Right::read, std::make_shared<const std::string>("weir_secret")};
};

TEST_F(TicketsTest, IsGoodOnceForThirtySeconds) {
  const auto first = tickets_.make(credential_, now_).value(), late = tickets_.make(credential_, now_).value();
  EXPECT_FALSE(tickets_.redeem(first + "x", now_));
  const auto redeemed = tickets_.redeem(first, now_ + Tickets::lifetime - std::chrono::milliseconds(1));
  ASSERT_TRUE(redeemed);
  EXPECT_EQ(*redeemed->secret, "weir_secret");
  EXPECT_FALSE(tickets_.redeem(first, now_));
  EXPECT_FALSE(tickets_.redeem(late, now_ + Tickets::lifetime));
}

TEST_F(TicketsTest, FullIsToldAndTimeMakesRoom) {
  for (std::size_t i = 0; i < Tickets::tickets_max; ++i) ASSERT_TRUE(tickets_.make(credential_, now_));
  EXPECT_EQ(tickets_.make(credential_, now_).error().code, ErrorCode::full);
  EXPECT_TRUE(tickets_.make(credential_, now_ + Tickets::lifetime));
}

TEST_F(TicketsTest, IsOfferedAsSubprotocolOfAnUpgradeOnly) {
  Request request;
  request.websocket_protocols = "weir.v1.json, ticket.abc";
  EXPECT_FALSE(ticket_in(request));
  request.upgrade = "websocket";
  EXPECT_EQ(ticket_in(request), "abc");
  request.websocket_protocols = "weir.v1.json";
  EXPECT_FALSE(ticket_in(request));
}

}  // namespace
}  // namespace weir::gateway
