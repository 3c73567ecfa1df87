// A client for tests: pulls from a subscription, answers its cold reads, and remembers what it was given.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "stream/subscription.h"
#include "support/fake_log.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weir::gateway {

struct Received {
  nlohmann::json json;
  Cursor cursor;
  bool is_gap = false;

  std::uint64_t seq() const { return json.at("seq").get<std::uint64_t>(); }
};

class CollectingSink final : public RecordSink {
 public:
  Format format() const override { return Format::json; }
  void record(const Record& record, std::string_view text, Cursor cursor) override {
    keep(text, cursor, false);
    EXPECT_EQ(received.back().seq(), record.seq);
  }
  void gap(std::string_view text, Cursor cursor) override { keep(text, cursor, true); }
  std::size_t bytes() const override { return bytes_; }

  void begin() { bytes_ = 0; }
  std::vector<std::uint64_t> seqs() const {
    std::vector<std::uint64_t> all;
    for (const auto& one : received) {
      if (!one.is_gap) all.push_back(one.seq());
    }
    return all;
  }
  std::vector<nlohmann::json> gaps() const {
    std::vector<nlohmann::json> all;
    for (const auto& one : received) {
      if (one.is_gap) all.push_back(one.json);
    }
    return all;
  }

  std::vector<Received> received;

 private:
  void keep(std::string_view text, Cursor cursor, bool is_gap) {
    auto parsed = parse_json(text);
    EXPECT_TRUE(parsed.ok()) << text;
    received.push_back({parsed ? std::move(*parsed) : nlohmann::json(), cursor, is_gap});
    bytes_ += text.size();
  }

  std::size_t bytes_ = 0;
};

inline StreamQuery query_of(std::string_view url_query, std::string_view last_event_id = {}) {
  const auto parameters = parse_url_query(url_query);
  EXPECT_TRUE(parameters.ok());
  auto query = parse_stream_query(*parameters, last_event_id);
  EXPECT_TRUE(query.ok()) << (query ? "" : query.error().message);
  return query ? std::move(*query) : StreamQuery{};
}

/// The log, what follows it, and a clock.
struct Bench {
  FakeLog log;
  Latest latest{log};
  EncodedBlocks encoded;
  Monotonic now{std::chrono::hours(1)};

  Subscription subscribe(std::string_view url_query, bool pages = false, std::optional<std::uint64_t> consumer = {}) {
    latest.follow();
    return Subscription(log, latest, encoded, query_of(url_query), pages, consumer);
  }
};

class Client {
 public:
  Client(Bench& bench, std::string_view url_query, bool pages = false, std::optional<std::uint64_t> consumer = {})
      : bench_(bench), subscription(bench.subscribe(url_query, pages, consumer)) {}

  /// One pull; cold reads are answered with `cold_records` at a time.
  Subscription::Next pull(std::size_t bytes = 65'536, std::size_t records = 10'000, std::size_t cold_records = 1000) {
    bench_.latest.follow();
    sink.begin();
    const std::size_t before = sink.seqs().size();
    for (;;) {
      const std::size_t used = sink.seqs().size() - before;
      const auto next = subscription.pull(sink, bytes, records - used, bench_.now);
      if (next != Subscription::Next::cold) return next;
      ++cold_reads;
      bench_.log.read(subscription.cold_request(), cold_records, [this](Result<BlockPtr> block) { subscription.feed(*block); });
      bench_.log.answer();
    }
  }
  /// Pulls until nothing is left for now.
  Subscription::Next drain() {
    auto next = pull();
    while (next == Subscription::Next::more) next = pull();
    return next;
  }
  std::vector<std::uint64_t> take() {
    drain();
    auto seqs = sink.seqs();
    sink.received.clear();
    return seqs;
  }

 private:
  Bench& bench_;

 public:
  CollectingSink sink;
  Subscription subscription;
  std::size_t cold_reads = 0;
};

}  // namespace weir::gateway
