#include "log/segment.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace weir::gateway {
namespace {

using std::chrono::milliseconds;

constexpr Timestamp start = from_nanoseconds(1'790'000'000'000'000'000);

/// Names of series 0 to 99 and units 0 to 3, and what is encoded.
class SegmentTest : public testing::Test {
 protected:
  SegmentTest() {
    for (std::uint32_t id = 0; id < 100; ++id) series_.push_back({id, "device-" + std::to_string(id), "temperature"});
  }

  Names names() {
    return {.series = [this](std::uint32_t id) { return id < series_.size() ? &series_[id] : nullptr; },
            .unit = [this](std::uint32_t id) { return id < units_.size() ? &units_[id] : nullptr; },
            .boot_time = [this](std::uint32_t boot) { return boot == known_boot_ ? boot_time_ : std::nullopt; }};
  }

  void commit(Timestamp received, bool synchronised = true, std::uint32_t boot = 1) {
    received_ = received;
    encoder_.begin_commit({.received = received,
                           .monotonic_ms = (received - start) / milliseconds(1) + 5000,
                           .boot = boot,
                           .synchronised = synchronised});
  }

  void add(std::uint32_t series, Value value, std::optional<Timestamp> time = {}, Record extra = {}) {
    Record record = extra;
    record.seq = first_seq + records_.size();
    record.received = received_;
    record.time = time.value_or(received_);
    record.series = &series_[series];
    record.unit = &units_[series % 4];
    record.value = std::move(value);
    encoder_.add(record, series % 4);
    records_.push_back(std::move(record));
  }

  void add_event(Kind kind, std::string members, std::optional<Timestamp> time = {}) {
    Record record{.seq = first_seq + records_.size(), .time = time.value_or(received_), .received = received_, .kind = kind};
    record.event = std::make_shared<Event>(Event{"boiler", "", std::move(members)});
    encoder_.add(record, 0);
    records_.push_back(std::move(record));
  }

  static void expect_same(const std::vector<Record>& out, const std::vector<Record>& in) {
    ASSERT_EQ(out.size(), in.size());
    for (std::size_t i = 0; i < in.size(); ++i) expect_same(out[i], in[i]);
  }

  static void expect_same(const Record& out, const Record& in) {
    EXPECT_EQ(out.seq, in.seq);
    EXPECT_EQ(out.time, in.time) << in.seq;
    EXPECT_EQ(out.received, in.received) << in.seq;
    EXPECT_EQ(out.kind, in.kind);
    EXPECT_EQ(out.quality, in.quality);
    EXPECT_EQ(out.clock_unsynchronised, in.clock_unsynchronised);
    EXPECT_EQ(out.series, in.series);
    EXPECT_EQ(out.unit, in.unit);
    EXPECT_EQ(out.value, in.value) << in.seq;
    ASSERT_EQ(out.event != nullptr, in.event != nullptr);
    if (in.event) {
      EXPECT_EQ(out.event->device + out.event->metric + out.event->members,
                in.event->device + in.event->metric + in.event->members);
    }
  }

  std::vector<Record> decoded(std::string_view body) {
    std::vector<Record> out;
    const auto done = decode_segment(body, first_seq, names(), out);
    EXPECT_TRUE(done) << done.error().message;
    return out;
  }

  /// The records of rows whose numbers lie in [from, to), in order.
  std::vector<Record> decoded(const std::vector<SegmentEncoder::Row>& rows, std::uint64_t from, std::uint64_t to) {
    auto header = decode_header(rows.at(0).body, first_seq, names());
    EXPECT_TRUE(header);
    std::vector<Record> out;
    for (auto& event : header->events) {
      if (event.seq >= from && event.seq < to) out.push_back(event);
    }
    for (std::size_t i = 1; i < rows.size(); ++i)
      EXPECT_TRUE(decode_chunk(rows[i].body, rows[i].slot - 1, *header, from, to, names(), out));
    std::sort(out.begin(), out.end(), [](const Record& a, const Record& b) { return a.seq < b.seq; });
    return out;
  }

  /// As a gateway's life: commits of a few readings, own clocks or none, an event now and then.
  void add_life(std::mt19937_64& random, std::size_t records) {
    auto now = start;
    while (records_.size() < records) {
      commit(now += milliseconds(random() % 1000));
      for (auto readings = random() % 8; readings > 0; --readings) {
        const auto series = static_cast<std::uint32_t>(random() % 100);
        const auto time = random() % 3 == 0 ? now : now - milliseconds(random() % 500);
        Record extra{.quality = random() % 40 == 0 ? Quality::uncertain : Quality::good,
                     .clock_unsynchronised = random() % 50 == 0};
        add(series, value(random, series), time, extra);
      }
      if (random() % 20 == 0) add_event(Kind::device, "\"state\":\"online\"", random() % 2 == 0 ? now : now - milliseconds(7));
    }
  }

  static Value value(std::mt19937_64& random, std::uint32_t series) {
    if (series % 10 == 9) return std::string(random() % 2 == 0 ? "open" : "closed");
    if (series % 10 == 8) return random() % 8 == 0;
    if (series % 10 == 7) return static_cast<std::int64_t>(random() % 1000);
    return static_cast<double>(random() % 4000) / 100;
  }

  static constexpr std::uint64_t first_seq = 1'000'000;
  std::deque<Series> series_;
  const std::vector<std::string> units_ = {"", "Cel", "%RH", "Pa"};
  std::optional<std::uint32_t> known_boot_;
  std::optional<Timestamp> boot_time_;
  SegmentEncoder encoder_;
  Timestamp received_;
  std::vector<Record> records_;
};

TEST_F(SegmentTest, RecordsOfEveryKindComeBackInOrder) {
  std::mt19937_64 random(1);
  for (const std::size_t size : {0, 1, 2, 5, 10, 100, 2000}) {
    records_.clear();
    add_life(random, size);
    EXPECT_EQ(encoder_.records(), records_.size());
    std::string body;
    encoder_.finish(body);
    EXPECT_EQ(encoder_.records(), 0U);
    expect_same(decoded(body), records_);
  }
}

TEST_F(SegmentTest, RowsGiveTheSameAndAnyPartOfThem) {
  std::mt19937_64 random(2);
  add_life(random, 3000);
  const auto rows = encoder_.finish_rows(first_seq);
  expect_same(decoded(rows, 0, ~std::uint64_t{0}), records_);
  expect_same(decoded(rows, first_seq + 100, first_seq + 1100), {records_.begin() + 100, records_.begin() + 1100});
  expect_same(decoded(rows, first_seq + 7, first_seq + 7), {});
}

TEST_F(SegmentTest, TheHeaderHasTheCommits) {
  commit(start + milliseconds(1));
  add(3, 1.5);
  commit(start + milliseconds(9));
  commit(start + milliseconds(4), false, 7);
  add_event(Kind::system, "\"event\":\"started\"");
  const auto rows = encoder_.finish_rows(first_seq);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].slot, 4U);
  const auto header = decode_header(rows[0].body, first_seq, names());
  ASSERT_TRUE(header);
  EXPECT_EQ(header->records, 2U);
  const std::vector<Commit> expected = {{.records = 1, .received = start + milliseconds(1), .monotonic_ms = 5001, .boot = 1},
                                        {.records = 0, .received = start + milliseconds(9), .monotonic_ms = 5009, .boot = 1},
                                        {1, start + milliseconds(4), 5004, 7, false}};
  EXPECT_EQ(header->commits, expected);
  EXPECT_EQ(header->newest_received, start + milliseconds(9));
  ASSERT_EQ(header->events.size(), 1U);
  expect_same(header->events[0], records_[1]);
}

TEST_F(SegmentTest, CommitsOfAnUnsetClockAreCorrectedOnceItsBootIsKnown) {
  for (const bool known : {false, true}) {
    for (const bool in_rows : {false, true}) {
      records_.clear();
      commit(start, false, 7);
      add(1, 1.5, {}, {.clock_unsynchronised = true});
      add(2, 2.5, start - milliseconds(3), {.clock_unsynchronised = true});
      add_event(Kind::system, "\"event\":\"started\"");
      commit(start + milliseconds(100), true, 7);
      add(1, 3.5);
      if (known) {
        known_boot_ = 7;
        boot_time_ = start + std::chrono::hours(24 * 365);
        const auto better = *boot_time_ + milliseconds(5000);
        for (std::size_t i = 0; i < 3; ++i) records_[i].received = better;
        records_[0].time = records_[2].time = better;
        records_[0].clock_unsynchronised = false;
      }
      std::string body;
      if (in_rows) {
        expect_same(decoded(encoder_.finish_rows(first_seq), 0, ~std::uint64_t{0}), records_);
      } else {
        encoder_.finish(body);
        expect_same(decoded(body), records_);
      }
    }
  }
}

TEST_F(SegmentTest, TimesAtTheEndsOfTimeComeBack) {
  constexpr auto lowest = Timestamp::min(), highest = Timestamp::max();
  encoder_.begin_commit({.received = received_ = lowest, .monotonic_ms = std::numeric_limits<std::int64_t>::max() / 1'000'000});
  add(1, 1.0, highest);
  add(1, 1.0, lowest);
  encoder_.begin_commit({.received = received_ = highest, .monotonic_ms = std::numeric_limits<std::int64_t>::min() / 1'000'000});
  add(1, 1.0, lowest);
  add_event(Kind::alarm, "", Timestamp());
  std::string body;
  encoder_.finish(body);
  expect_same(decoded(body), records_);
}

TEST_F(SegmentTest, ARowInTheWrongPlaceIsDamaged) {
  commit(start);
  add(3, 1.5);
  const auto rows = encoder_.finish_rows(first_seq);
  const auto header = decode_header(rows[0].body, first_seq, names());
  ASSERT_TRUE(header);
  std::vector<Record> out;
  EXPECT_FALSE(decode_header(rows[0].body, first_seq + 1, names()));
  EXPECT_FALSE(decode_header(rows[1].body, first_seq, names()));
  EXPECT_FALSE(decode_chunk(rows[1].body, 4, *header, 0, ~std::uint64_t{0}, names(), out));
  EXPECT_TRUE(out.empty());
}

TEST_F(SegmentTest, EveryFlippedBitOfARowIsFound) {
  std::mt19937_64 random(3);
  add_life(random, 50);
  for (auto& row : encoder_.finish_rows(first_seq)) {
    const auto header =
        row.slot == 0 ? Result<SegmentHeader>(SegmentHeader{}) : SegmentHeader{.first_seq = first_seq, .records = 50};
    for (std::size_t bit = 0; bit < row.body.size() * 8; ++bit) {
      row.body[bit / 8] = static_cast<char>(row.body[bit / 8] ^ (1 << bit % 8));
      std::vector<Record> out;
      if (row.slot == 0) {
        EXPECT_FALSE(decode_header(row.body, first_seq, names()));
      } else {
        EXPECT_FALSE(decode_chunk(row.body, row.slot - 1, *header, 0, ~std::uint64_t{0}, names(), out));
      }
      row.body[bit / 8] = static_cast<char>(row.body[bit / 8] ^ (1 << bit % 8));
    }
  }
}

TEST_F(SegmentTest, ADamagedBodyWithoutCrcDoesNoHarm) {
  std::mt19937_64 random(4);
  for (const std::size_t size : {5, 1000}) {
    records_.clear();
    add_life(random, size);
    std::string body;
    encoder_.finish(body);
    for (int round = 0; round < 3000; ++round) {
      auto damaged = body.substr(0, random() % 4 == 0 ? random() % body.size() : body.size());
      if (!damaged.empty()) damaged[random() % damaged.size()] = static_cast<char>(random());
      std::vector<Record> out(1);
      const bool whole = decode_segment(damaged, first_seq, names(), out).ok();
      EXPECT_TRUE(whole || out.size() == 1);
    }
  }
}

TEST_F(SegmentTest, AnUnknownSeriesOrUnitIsDamage) {
  commit(start);
  add(3, 1.5);
  std::string body;
  encoder_.finish(body);
  auto known = names();
  std::vector<Record> out;
  known.series = [](std::uint32_t) { return nullptr; };
  EXPECT_FALSE(decode_segment(body, first_seq, known, out));
  known = names();
  known.unit = [](std::uint32_t) { return nullptr; };
  EXPECT_FALSE(decode_segment(body, first_seq, known, out));
  EXPECT_TRUE(out.empty());
}

TEST_F(SegmentTest, TenReadingsOfTenSeriesTakeTwelveBytesEach) {
  std::mt19937_64 random(5);
  commit(start);
  for (std::uint32_t i = 0; i < 10; ++i)
    add(i * 7, static_cast<double>(random() % 4000) / 100, start - milliseconds(random() % 900));
  std::string body;
  encoder_.finish(body);
  EXPECT_LE(body.size(), 120U);
}

TEST_F(SegmentTest, ThousandReadingsOfHundredSensorsTakeFourBytesEach) {
  std::mt19937_64 random(6);
  commit(start);
  std::vector<std::int64_t> now(100, 2150);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const auto time = start + milliseconds(i / 100 * 100 + random() % 8);
    add(i % 100, static_cast<double>(now[i % 100] += static_cast<std::int64_t>(random() % 7) - 3) / 100, time);
  }
  std::string body;
  encoder_.finish(body);
  EXPECT_LE(body.size(), 4000U);
}

TEST_F(SegmentTest, AFoldedSegmentOfSensorsTakesTwoBytesPerReadingWithItsNumbers) {
  std::mt19937_64 random(7);
  std::vector<std::int64_t> now(100, 2150);
  std::vector<std::pair<Timestamp, std::uint32_t>> arrivals;  // each sensor once a second, a few ms early or late
  for (std::uint32_t i = 0; i < segment_records_max; ++i)
    arrivals.push_back({start + milliseconds(i / 100 * 1000 + i % 100 * 10 + random() % 16), i % 100});
  std::sort(arrivals.begin(), arrivals.end());
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const auto [time, series] = arrivals[i];
    if (i % 10 == 0) commit(std::chrono::floor<milliseconds>(time) + milliseconds(200));
    add(series, static_cast<double>(now[series] += static_cast<std::int64_t>(random() % 7) - 3) / 100, time);
  }
  std::size_t bytes = 0;
  for (const auto& row : encoder_.finish_rows(first_seq)) bytes += row.body.size();
  RecordProperty("bytes_per_reading", std::to_string(static_cast<double>(bytes) / segment_records_max));
  EXPECT_LE(bytes, segment_records_max * 2);
}

TEST_F(SegmentTest, SeriesThatOvertakeEachOtherCostHardlyMore) {
  std::mt19937_64 random(8);
  std::vector<std::pair<Timestamp, std::uint32_t>> arrivals;  // each sensor ten times a second, up to 16 ms late
  for (std::uint32_t i = 0; i < 20'000; ++i) arrivals.push_back({start + milliseconds(i + random() % 16), i % 100});
  std::sort(arrivals.begin(), arrivals.end());
  for (const bool in_rows : {false, true}) {
    records_.clear();
    commit(arrivals.back().first + milliseconds(1));
    for (const auto& [time, series] : arrivals) add(series, 20.5, time);
    std::size_t bytes = 0;
    std::string body;
    if (in_rows) {
      const auto rows = encoder_.finish_rows(first_seq);
      for (const auto& row : rows) bytes += row.body.size();
      expect_same(decoded(rows, 0, ~std::uint64_t{0}), records_);
    } else {
      encoder_.finish(body);
      bytes = body.size();
      expect_same(decoded(body), records_);
    }
    EXPECT_LE(bytes, arrivals.size() * 12 / 10);  // five bits of time, and three of the number
  }
}

}  // namespace
}  // namespace weir::gateway
