// Crowds: clients that want the same and stand at the same place.
#include "unit/server/server_fixture.h"

namespace weir::gateway {
namespace {

class FollowersTest : public ServerTest {
 protected:
  static constexpr std::size_t crowd = 8;

  void open_streams(const std::string& target) {
    for (std::size_t i = 0; i < crowd; ++i) {
      streams.push_back(std::make_unique<HttpClient>(server.port()));
      streams.back()->request("GET", target, TestServer::bearer(server.viewer) + "Accept: text/event-stream\r\n");
      ASSERT_EQ(streams.back()->read_head().status, 200);
    }
  }

  /// The values from `first` up to `end`, each once and in order.
  static void expect_values(HttpClient& stream, std::int64_t first, std::int64_t end) {
    while (first < end) {
      const auto line = stream.read_line();
      ASSERT_TRUE(line) << "after " << first;
      ASSERT_EQ(line->find("event: gap"), std::string::npos) << "after " << first;
      const auto at = line->find(R"("value":)");
      if (at == std::string::npos) continue;
      ASSERT_EQ(std::stoll(line->substr(at + 8)), first);
      ++first;
    }
  }

  std::vector<std::unique_ptr<HttpClient>> streams;
};

TEST_F(FollowersTest, ACrowdIsSentWhatComesAgainAndAgain) {
  open_streams("/v1/stream?devices=a");
  for (std::int64_t i = 0; i < 200; ++i) {
    server.append("a", i, 1);
    if (i % 7 == 0) server.append("b", i, 1);  // nobody's
  }
  for (const auto& stream : streams) expect_values(*stream, 0, 200);
}

/// One who comes back to the crowd, or never was in it, has what it missed before what is new.
TEST_F(FollowersTest, WhoDoesNotReadHasItAllLaterAndTheOthersDoNotWait) {
  open_streams("/v1/stream");
  const std::string large(4000, 'x');
  constexpr std::int64_t commits = 600;  // 12 MB: more than two sockets take
  for (std::int64_t i = 0; i < commits; ++i) {
    std::vector<Reading> readings(5, {.device = "large", .metric = "text", .value = large});
    readings.push_back({.device = "a", .metric = "n", .value = i});
    server.append(std::move(readings));
    for (std::size_t reader = 1; reader < crowd && i % 10 == 9; ++reader) {
      const auto line = [&] { return *streams[reader]->read_line(); };
      for (std::int64_t seen = i - 9; seen <= i;) {
        if (line().find("\"value\":" + std::to_string(seen) + "}") != std::string::npos) ++seen;
      }
    }
  }
  std::int64_t next = 0;
  while (next < commits) {
    const auto line = streams.front()->read_line();
    ASSERT_TRUE(line) << next;
    ASSERT_EQ(line->find("event: gap"), std::string::npos);
    if (line->find(R"("metric":"n")") == std::string::npos) continue;
    ASSERT_NE(line->find("\"value\":" + std::to_string(next) + "}"), std::string::npos) << *line;
    ++next;
  }
}

TEST_F(FollowersTest, AFullWriteDoesNotWaitForItsFlush) {
  open_streams("/v1/stream?flush=1h");
  const auto begin = std::chrono::steady_clock::now();
  server.append("a", 0, 600);
  for (const auto& stream : streams) expect_values(*stream, 0, 300);  // what does not fill a write may wait
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s) << "a heartbeat would bring it as well";
}

TEST_F(FollowersTest, WhatIsGatheredForAFlushComesAsOneWrite) {
  const auto begin = to_string(server.append("a", -1, 1));
  std::vector<std::unique_ptr<HttpClient>> sockets;
  for (std::size_t i = 0; i < crowd; ++i) {
    sockets.push_back(std::make_unique<HttpClient>(server.port()));
    ASSERT_EQ(sockets.back()->upgrade("/v1/stream?flush=300ms&after=" + begin, TestServer::bearer(server.viewer)).status, 101U);
  }
  std::size_t messages = 0;
  std::int64_t appended = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) server.append("a", appended++, 1);
    for (const auto& socket : sockets) {
      for (std::int64_t next = appended - 20; next < appended; ++messages) {
        const auto message = socket->read_message();
        ASSERT_TRUE(message);
        const auto payload = json::parse(message->payload);
        for (const auto& record : payload.at("records")) ASSERT_EQ(record.at("value"), next++);
      }
    }
  }
  EXPECT_LE(messages, 3 * crowd * 3) << "a window may end while they are appended, even two on a slow machine";
}

}  // namespace
}  // namespace weir::gateway
