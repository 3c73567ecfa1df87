#include "server/transports/shared_writes.h"

#include "unit/server/server_fixture.h"

namespace weir::gateway {
namespace {

TEST(SharedWritesTest, AreFoundByTheSameGroupAtTheSameCursorOnly) {
  SharedWrites writes;
  const auto first = writes.join("sse\na"), second = writes.join("sse\na"), other = writes.join("sse\nb"),
             further = writes.join("sse\nb");
  first.keep(7, {"bytes", 9, 2});
  ASSERT_NE(second.find(7), nullptr);
  EXPECT_EQ(second.find(7)->bytes, "bytes");
  EXPECT_EQ(second.find(7)->to, 9U);
  EXPECT_EQ(second.find(8), nullptr);
  EXPECT_EQ(other.find(7), nullptr);
}

TEST(SharedWritesTest, WhoIsAloneKeepsNothing) {
  SharedWrites writes;
  const auto only = writes.join("a");
  only.keep(1, {"bytes", 2, 1});
  EXPECT_TRUE(only.alone());
  EXPECT_EQ(writes.bytes(), 0U);
  const SharedWrites::Member nobody;
  EXPECT_TRUE(nobody.alone());
  EXPECT_EQ(nobody.find(1), nullptr);
}

TEST(SharedWritesTest, AGroupThatBeginsAnewFindsNothingOfTheOneBefore) {
  SharedWrites writes;
  {
    const auto a = writes.join("x"), b = writes.join("x");
    a.keep(1, {"old", 2, 1});
  }
  const auto a = writes.join("x"), b = writes.join("x");
  EXPECT_EQ(b.find(1), nullptr);
}

TEST(SharedWritesTest, TheOldestGoBeyondTheLimit) {
  SharedWrites writes;
  const auto a = writes.join("x"), b = writes.join("x");
  const std::string large(std::size_t{64} << 10U, 'x');
  for (std::uint64_t from = 0; from < 1000; ++from) a.keep(from, {large, from + 1, 1});
  EXPECT_LE(writes.bytes(), SharedWrites::bytes_max);
  EXPECT_EQ(b.find(0), nullptr);
  EXPECT_NE(b.find(999), nullptr);
}

/// Clients of several groups, who come at different times: each has everything that it asked for, once and in order.
TEST_F(ServerTest, ClientsThatShareWritesHaveEachTheirWhole) {
  const auto begin = to_string(server.append("a", -1, 1));
  std::vector<std::unique_ptr<HttpClient>> clients;
  const auto join = [&](const std::string& accept, const std::string& filter) {
    clients.push_back(std::make_unique<HttpClient>(server.port()));
    clients.back()->request("GET", "/v1/stream?after=" + begin + "&" + filter,
                            TestServer::bearer(server.viewer) + "Accept: " + accept + "\r\n");
    EXPECT_EQ(clients.back()->read_head().status, 200);
  };
  constexpr std::int64_t batches = 40, batch = 30;
  for (std::int64_t i = 0; i < batches; ++i) {
    if (i % 4 == 0) {
      for (const char* accept : {"text/event-stream", "application/x-ndjson"})
        join(accept, "devices=a"), join(accept, "devices=*");
    }
    server.append("a", i * batch, batch);
    server.append("b", i, 1);
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const bool every_device = i % 2 == 1;
    std::vector<std::int64_t> values;
    const auto expected = static_cast<std::size_t>(batches * (batch + (every_device ? 1 : 0)));
    while (values.size() < expected) {
      const auto line = clients[i]->read_line();
      ASSERT_TRUE(line) << i << " has " << values.size();
      const auto at = line->find(R"("value":)");
      if (at == std::string::npos) continue;
      if (line->find(R"("device":"b")") == std::string::npos) {
        values.push_back(std::stoll(line->substr(at + 8)));
        ASSERT_EQ(values.back(), static_cast<std::int64_t>(values.size()) - 1 - (every_device ? values.back() / batch : 0)) << i;
      } else {
        values.push_back(-1);
      }
    }
  }
  EXPECT_EQ(get("/metrics").body.find("weir_server_writes_shared_total 0\n"), std::string::npos);
}

/// Those who wait for what does not come are not asked one by one, and miss nothing when it comes.
TEST_F(ServerTest, WhoWaitsInACrowdGetsWhatComesOnce) {
  server.append("other", 0, 1);
  std::vector<std::unique_ptr<HttpClient>> streams, sockets;
  for (int i = 0; i < 20; ++i) {
    streams.push_back(std::make_unique<HttpClient>(server.port()));
    streams.back()->request("GET", "/v1/stream?devices=rare",
                            TestServer::bearer(server.viewer) + "Accept: text/event-stream\r\n");
    EXPECT_EQ(streams.back()->read_head().status, 200);
    sockets.push_back(std::make_unique<HttpClient>(server.port()));
    EXPECT_EQ(sockets.back()->upgrade("/v1/stream?devices=rare", TestServer::bearer(server.viewer)).status, 101U);
  }
  for (std::int64_t round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) server.append("other", i, 3);
    streams.pop_back();  // some leave meanwhile
    sockets.pop_back();
    if (round == 2) sockets.front()->send_message(R"({"op":"subscribe","id":"more","devices":"never"})");
    server.append("rare", round, 1);
    const auto expected = "\"value\":" + std::to_string(round);
    for (const auto& client : streams) {
      std::optional<std::string> line;
      do line = client->read_line();
      while (line && line->find("data: {") == std::string::npos);
      ASSERT_TRUE(line);
      EXPECT_NE(line->find(expected), std::string::npos) << *line;
    }
    for (const auto& client : sockets) {
      const auto message = client->read_message();
      ASSERT_TRUE(message);
      EXPECT_NE(message->payload.find(expected), std::string::npos) << message->payload;
      EXPECT_EQ(message->payload.find("seq"), message->payload.rfind("seq")) << message->payload;
    }
  }
}

}  // namespace
}  // namespace weir::gateway
