// RecordScanner: the numbers of records in a line, a message or a page.
//
// Purpose    finds each record's number and when it was published with as little work as that takes: JSON is searched, not
//            parsed, which is right for records that this benchmark itself has published.
// Thread     belongs to the loop of the load generator; the times of publishing come from the publisher's thread.
// Ownership  keeps references to what counts.
// Limits     latencies are known for the newest PublishTimes::size records.
// Errors     what is no such record is passed over.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "load/histogram.h"
#include "load/order.h"

namespace weir::bench {

/// When each reading was published, for records that carry only their number.
class PublishTimes {
 public:
  static constexpr std::size_t size = std::size_t{1} << 20U;
  void set(std::uint64_t number, std::uint64_t ns) { times_[number % size].store(ns, std::memory_order_relaxed); }
  std::uint64_t of(std::uint64_t number) const { return times_[number % size].load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<std::uint64_t>, size> times_{};
};

/// What all clients together have had.
struct Deliveries {
  std::atomic<std::uint64_t> records{0};  // written by the loop alone
  std::atomic<std::uint64_t> settled{0};  // of them, those after which their clients have asked for what comes next
  std::uint64_t wrong_ids = 0;            // an SSE id that is not its record's
  bool measured = false;                  // whether latencies are added now
  Histogram latencies;
};

class RecordScanner {
 public:
  /// `times`: null for generic records, which carry their time.
  RecordScanner(Deliveries& deliveries, const PublishTimes* times) : deliveries_(deliveries), times_(times) {}

  struct Found {
    std::uint64_t count = 0;
    std::uint64_t last_seq = 0;  // Weir's; of a generic record its counter
  };
  /// `most`: a line has one record; looking for another in its rest would cost as much again.
  Found scan(std::string_view text, std::uint64_t now, Order& order, std::uint64_t most = UINT64_MAX);
  Deliveries& deliveries() { return deliveries_; }

 private:
  struct Key {
    std::string_view name;
    std::size_t distance = 0;  // from where the search began to where it was found last
  };
  static bool next_number(std::string_view& text, Key& key, std::uint64_t& number);

  Deliveries& deliveries_;
  const PublishTimes* times_;
  // {"seq":7,"kind":"reading",…,"value":3} or {"counter":3,"ns":1234,…}
  Key begin_{times_ ? R"({"seq":)" : R"({"counter":)"}, next_ = begin_, second_{times_ ? R"("value":)" : R"("ns":)"};
};

}  // namespace weir::bench
