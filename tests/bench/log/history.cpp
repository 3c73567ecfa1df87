// History of one series at 1 Hz over a year, beside gigabytes of others: a part of bench-log.
#include <future>

#include "fixture.h"
#include "parts.h"
#include "support/manual_clock.h"

namespace weir::gateway::bench {

namespace {

using namespace std::chrono_literals;

constexpr int days = 365;
constexpr auto step = std::chrono::hours(2);  // of a commit
constexpr std::size_t text_bytes = 4000;
constexpr int questions = 31;

/// What takes space: texts that can't be compressed.
class Noise {
 public:
  Reading next() {
    std::string text(text_bytes, '\0');
    for (auto& byte : text) byte = static_cast<char>('!' + random_() % 90);
    return {.device = "camera", .metric = "frame-" + std::to_string(random_() % 8), .value = std::move(text)};
  }

 private:
  std::mt19937_64 random_{2};
};

class Year {
 public:
  explicit Year(std::uint64_t bytes_beside) : texts_(bytes_beside / text_bytes / (days * (24h / step))) {
    log_ = open_log({.file = folder_.path() / "weir.db",
                     .durability = Durability::fast,
                     .size_max = 4 * bytes_beside + 2'000'000'000,
                     .age_max = std::chrono::hours(24 * 800),
                     .background = false},
                    clock_);
    for (int i = 0; i < days * (24h / step); ++i) add_commit();
    must(log_->tend());
  }

  double milliseconds(HistoryQuery query, std::size_t rows_min) {
    std::vector<double> all;
    for (int i = 0; i < questions; ++i) all.push_back(1000 * seconds_of([&] { ask(query, rows_min); }));
    return median(all);
  }
  /// [from, to) of the last `duration` of the year, or of as long before.
  HistoryQuery last(std::chrono::nanoseconds duration, std::chrono::nanoseconds before = {}) const {
    return {.device = "boiler", .metric = "temperature", .from = clock_.wall() - before - duration, .to = clock_.wall() - before};
  }
  std::uint64_t bytes() const { return log_->stats().bytes; }

 private:
  void add_commit() {
    Delivery delivery{.reader = "bench"};
    for (auto time = clock_.wall(); time < clock_.wall() + step; time += 1s) {
      hundredths_ += static_cast<std::int64_t>(random_() % 7) - 3;
      Reading reading{
          .device = "boiler", .metric = "temperature", .value = static_cast<double>(hundredths_) / 100, .unit = "Cel"};
      reading.time = time + std::chrono::milliseconds(random_() % 16);
      delivery.readings.push_back(std::move(reading));
    }
    for (std::size_t i = 0; i < texts_; ++i) delivery.readings.push_back(noise_.next());
    append(*log_, std::move(delivery));
    clock_.advance(step);
    must(log_->tend());
  }

  void ask(const HistoryQuery& query, std::size_t rows_min) {
    std::promise<std::size_t> rows;
    log_->history(query, [&](Result<HistoryAnswer> answer) {
      rows.set_value(answer ? answer->buckets.size() + answer->readings.size() : 0);
    });
    if (rows.get_future().get() < rows_min) throw std::runtime_error("history: fewer rows than there must be");
  }

  tests::TemporaryFolder folder_;
  ManualClock clock_{start_time};
  std::mt19937_64 random_{1};
  std::int64_t hundredths_ = 2000;
  Noise noise_;
  std::size_t texts_;  // in a commit
  std::unique_ptr<Log> log_;
};

HistoryQuery points(HistoryQuery query, std::size_t buckets) {
  query.buckets = buckets;
  return query;
}

HistoryQuery page(HistoryQuery query, std::size_t readings) {
  query.readings = readings;
  return query;
}

}  // namespace

int history() {
  Year year(full() ? 10'000'000'000 : 400'000'000);
  figure("history: the log beside it", static_cast<double>(year.bytes()) / 1e9, "GB", full() ? "≥ 10" : "");
  figure("history: the last day, 500 points", year.milliseconds(points(year.last(24h), 500), 280), "ms", "≤ 10");
  figure("history: a day half a year ago, 500 points", year.milliseconds(points(year.last(24h, 4400h), 500), 280), "ms", "≤ 10");
  figure("history: the year, 500 points", year.milliseconds(points(year.last(24h * days), 500), days), "ms", "≤ 50");
  figure("history: an hour half a year ago, second by second", year.milliseconds(points(year.last(1h, 4400h), 3601), 3500), "ms");
  figure("history: a page of 10,000 readings", year.milliseconds(page(year.last(24h, 4400h), 10'000), 10'000), "ms");
  return 0;
}

}  // namespace weir::gateway::bench
