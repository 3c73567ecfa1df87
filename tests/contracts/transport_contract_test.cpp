// What every delivery of /v1/stream promises, held against each of them by the same suite. CONTRACT 4.1, 4.2.
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include <nlohmann/json.hpp>

#include "support/test_server.h"
#include "support/wait_until.h"

namespace weir::gateway {
namespace {

using nlohmann::json;
using test::HttpClient;

/// One delivery, as a client sees it.
class Delivery {
 public:
  virtual ~Delivery() = default;
  /// Records until there are `count`, or the end of the stream. Cuts off what came beyond.
  virtual std::vector<json> take(std::size_t count) = 0;
  virtual std::string cursor() const = 0;  // where a client that has what was taken resumes
  virtual bool ended() = 0;                // `until` was said to be reached
};

using Opener = std::function<std::unique_ptr<Delivery>(TestServer&, const std::string& query, const std::string& after)>;

std::string target(const std::string& query, const std::string& after = "") {
  const std::string joined = query + (after.empty() ? "" : (query.empty() ? "after=" : "&after=") + after);
  return "/v1/stream" + (joined.empty() ? "" : "?" + joined);
}

/// Polling and long polling.
class PageDelivery final : public Delivery {
 public:
  PageDelivery(TestServer& server, std::string query, std::string after, bool wait)
      : server_(server), query_(std::move(query)), cursor_(std::move(after)), wait_(wait) {}

  std::vector<json> take(std::size_t count) override {
    std::vector<json> records;
    HttpClient client(server_.port());
    while (records.size() < count && !ended_) {
      std::string query = query_ + (query_.empty() ? "" : "&") + "limit=" + std::to_string(count - records.size());
      if (wait_) query += "&wait=5";
      const auto answer = client.ask("GET", target(query, cursor_), TestServer::bearer(server_.viewer));
      EXPECT_EQ(answer.status, 200) << answer.body;
      if (answer.status != 200) break;
      const json page = json::parse(answer.body);
      EXPECT_EQ(answer.header("weir-cursor"), page.at("cursor"));
      cursor_ = page.at("cursor");
      for (const auto& record : page.at("records")) records.push_back(record);
      ended_ = !page.at("more") && query_.find("until=") != query_.npos;
      if (page.at("records").empty() && !page.at("more") && wait_) break;
    }
    return records;
  }
  std::string cursor() const override { return cursor_; }
  bool ended() override { return take(1000).empty() && ended_; }

 private:
  TestServer& server_;
  std::string query_, cursor_;
  bool wait_, ended_ = false;
};

class NdjsonDelivery final : public Delivery {
 public:
  NdjsonDelivery(TestServer& server, const std::string& query, const std::string& after) : client_(server.port()) {
    client_.request("GET", target(query, after), TestServer::bearer(server.viewer) + "Accept: application/x-ndjson\r\n");
    const auto head = client_.read_head();
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("content-type"), "application/x-ndjson");
    cursor_ = head.header("weir-cursor");
  }
  std::vector<json> take(std::size_t count) override {
    std::vector<json> records;
    while (records.size() < count) {
      const auto line = client_.read_line();
      if (!line) break;
      if (line->empty()) continue;
      records.push_back(json::parse(*line));
      if (records.back().contains("seq")) cursor_ = cursor_.substr(0, 9) + std::to_string(records.back()["seq"].get<int>());
    }
    return records;
  }
  std::string cursor() const override { return cursor_; }
  bool ended() override { return take(1).empty() && client_.body_ended(); }

 private:
  HttpClient client_;
  std::string cursor_;
};

class SseDelivery final : public Delivery {
 public:
  SseDelivery(TestServer& server, const std::string& query, const std::string& after) : client_(server.port()) {
    std::string headers = TestServer::bearer(server.viewer) + "Accept: text/event-stream\r\n";
    const bool back = !after.empty() && after != "earliest";
    if (back) headers += "Last-Event-ID: " + after + "\r\n";
    client_.request("GET", target(query, back ? "" : after), headers);
    const auto head = client_.read_head();
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("content-type"), "text/event-stream");
    EXPECT_TRUE(client_.read_line().value_or("").starts_with("retry: "));
  }
  std::vector<json> take(std::size_t count) override {
    std::vector<json> records;
    std::string id, event;
    while (records.size() < count && !ended_) {
      const auto line = client_.read_line();
      if (!line) break;
      if (line->starts_with("id: ")) id = line->substr(4);
      if (line->starts_with("event: ")) event = line->substr(7);
      if (!line->starts_with("data: ")) continue;
      cursor_ = id;
      ended_ = event == "end";
      if (ended_) break;
      records.push_back(json::parse(line->substr(6)));
      EXPECT_EQ(event, records.back()["kind"]);
    }
    return records;
  }
  std::string cursor() const override { return cursor_; }
  bool ended() override { return take(1).empty() && ended_; }

 private:
  HttpClient client_;
  std::string cursor_;
  bool ended_ = false;
};

class WebSocketDelivery final : public Delivery {
 public:
  WebSocketDelivery(TestServer& server, const std::string& query, const std::string& after) : client_(server.port()) {
    const auto head =
        client_.upgrade(target(query, after), TestServer::bearer(server.viewer) + "Sec-WebSocket-Protocol: weir.v1.json\r\n");
    EXPECT_EQ(head.status, 101) << head.body;
    EXPECT_EQ(head.header("sec-websocket-protocol"), "weir.v1.json");
    // What comes after the answer to a ping is after the subscription.
    client_.send_message(R"({"op":"ping","id":"open"})");
    while (!ponged_ && read()) {
    }
  }
  std::vector<json> take(std::size_t count) override {
    while (records_.size() < count && !ended_ && read()) {
    }
    const auto end = records_.begin() + static_cast<std::ptrdiff_t>(std::min(count, records_.size()));
    std::vector<json> taken(records_.begin(), end);
    records_.erase(records_.begin(), end);
    if (!taken.empty() && taken.back().contains("seq")) cursor_ = epoch_ + std::to_string(taken.back()["seq"].get<int>());
    return taken;
  }
  std::string cursor() const override { return cursor_; }
  bool ended() override { return take(1).empty() && ended_; }

 private:
  bool read() {
    const auto message = client_.read_message();
    if (!message || message->opcode != 1) return false;
    const json parsed = json::parse(message->payload);
    if (parsed["op"] == "pong") ponged_ = true;
    if (parsed["op"] == "end") ended_ = true;
    if (parsed["op"] != "records") return true;
    EXPECT_EQ(parsed["id"], "");
    epoch_ = parsed["cursor"].get<std::string>().substr(0, 9);
    for (const auto& record : parsed["records"]) records_.push_back(record);
    return true;
  }

  HttpClient client_;
  std::vector<json> records_;
  std::string cursor_, epoch_;
  bool ended_ = false, ponged_ = false;
};

struct Transport {
  const char* name;
  Opener open;
};

// Names the tests; without it a parameter is printed as bytes.
void PrintTo(const Transport& transport, std::ostream* out) { *out << transport.name; }

template <class T>
Opener opener() {
  return [](TestServer& server, const std::string& query, const std::string& after) {
    return std::make_unique<T>(server, query, after);
  };
}

Opener pages(bool wait) {
  return [wait](TestServer& server, const std::string& query, const std::string& after) {
    return std::make_unique<PageDelivery>(server, query, after, wait);
  };
}

class TransportContract : public testing::TestWithParam<Transport> {
 protected:
  std::unique_ptr<Delivery> open(const std::string& query, const std::string& after = "") {
    return GetParam().open(server, query, after);
  }
  TestServer server;
};

std::vector<std::int64_t> values(const std::vector<json>& records) {
  std::vector<std::int64_t> all;
  for (const auto& record : records) all.push_back(record.value("value", std::int64_t{-1}));
  return all;
}

std::vector<std::int64_t> range(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> all;
  for (; from < to; ++from) all.push_back(from);
  return all;
}

TEST_P(TransportContract, EverythingArrivesOnceAndInOrder) {
  server.append("a", 0, 500);
  const auto stream = open("devices=a", "earliest");
  EXPECT_EQ(values(stream->take(500)), range(0, 500));
  for (int i = 0; i < 5; ++i) server.append("a", 500 + i * 100, 100);
  EXPECT_EQ(values(stream->take(500)), range(500, 1000));
}

TEST_P(TransportContract, GoesOnFromACursorWithoutLossOrRepetition) {
  const auto begin = to_string(server.append("a", -1, 1));
  std::string cursor = begin;
  std::vector<std::int64_t> got;
  for (int i = 0; i < 20; ++i) {  // cut and resumed 20 times
    server.append("a", i * 50, 50);
    const auto stream = open("devices=a", cursor);
    const auto some = values(stream->take(i % 2 == 0 ? 37 : 63));
    got.insert(got.end(), some.begin(), some.end());
    cursor = stream->cursor();
  }
  EXPECT_EQ(got, range(0, 1000));
}

TEST_P(TransportContract, DeliversOnlyWhatTheFilterWants) {
  const auto begin = to_string(server.append("a", -1, 1));
  for (int i = 0; i < 10; ++i) server.append("other", i, 20), server.append("wanted", i, 1);
  const auto stream = open("devices=want*&metrics=n", begin);
  EXPECT_EQ(values(stream->take(10)), range(0, 10));
}

TEST_P(TransportContract, ACursorOfAnotherLogGetsAGapThenTheOldest) {
  server.append("a", 0, 3);
  const auto records = open("devices=a", "00000000-7")->take(4);
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[0]["kind"], "gap");
  EXPECT_EQ(records[0]["reason"], "epoch");
  EXPECT_EQ(records[0]["from"], "00000000-7");
  EXPECT_EQ(records[3]["value"], 2);
}

TEST_P(TransportContract, EndsAtUntilAndSaysSo) {
  const auto begin = to_string(server.append("a", -1, 1));
  const auto until = to_string(server.append("a", 0, 5));
  server.append("a", 5, 5);
  const auto stream = open("devices=a&until=" + until, begin);
  EXPECT_EQ(values(stream->take(5)), range(0, 5));
  EXPECT_TRUE(stream->ended());
}

TEST_P(TransportContract, SinceBeginsAtATimeOfReceipt) {
  server.append("a", 0, 3);
  const auto later = format_time(std::chrono::system_clock::now() + std::chrono::milliseconds(2));
  EXPECT_TRUE(test::wait_until([&] { return format_time(std::chrono::system_clock::now()) > later; }));
  server.append("a", 3, 4);
  std::string query = "devices=a&since=" + later;
  EXPECT_EQ(values(open(query)->take(4)), range(3, 7));
}

TEST_P(TransportContract, LargeBacklogsComeWholeInPieces) {
  const auto begin = to_string(server.append("a", -1, 1));
  for (int i = 0; i < 10; ++i) server.append("a", i * 1000, 1000);
  EXPECT_EQ(values(open("devices=a", begin)->take(10'000)), range(0, 10'000));
}

TEST_P(TransportContract, RefusesWhoHasNoRight) {
  const std::string original = server.viewer;
  for (const auto& [token, status] : {std::pair<std::string, int>{"nonsense", 401}, {server.ingest, 403}}) {
    HttpClient client(server.port());
    const auto answer = GetParam().name == std::string("websocket") ? client.upgrade("/v1/stream", TestServer::bearer(token))
                                                                    : client.ask("GET", "/v1/stream", TestServer::bearer(token));
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  }
}

INSTANTIATE_TEST_SUITE_P(Every, TransportContract,
                         testing::Values(Transport{"page", pages(false)}, Transport{"long_poll", pages(true)},
                                         Transport{"ndjson", opener<NdjsonDelivery>()}, Transport{"sse", opener<SseDelivery>()},
                                         Transport{"websocket", opener<WebSocketDelivery>()}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace weir::gateway
