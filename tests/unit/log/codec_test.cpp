#include "log/codec.h"

#include <gtest/gtest.h>

#include <limits>

namespace weir::gateway {
namespace {

const Series temperature{.id = 0, .device = "boiler", .metric = "temperature"};
const Series state{.id = 200, .device = "boiler", .metric = "state"};
const std::string celsius = "Cel";

Names names() {
  return {.series = [](std::uint32_t id) { return id == 0     ? &temperature
                                                  : id == 200 ? &state
                                                              : nullptr; },
          .unit = [](std::uint32_t id) { return id == 3 ? &celsius : nullptr; }};
}

Record reading(Value value) {
  Record record{.time = from_nanoseconds(5'000'000'123), .received = from_nanoseconds(9'000'000'000)};
  record.series = &temperature;
  record.unit = &celsius;
  record.value = std::move(value);
  return record;
}

std::string body_of(const std::vector<Record>& records, const std::vector<Mark>& marks = {}) {
  std::string body;
  encode_marks(body, marks);
  for (const auto& record : records) encode_record(body, record, 3);
  return body;
}

TEST(Codec, EveryTypeOfValueComesBackAsItWas) {
  const std::vector<Value> values = {21.5,
                                     -0.0,
                                     std::numeric_limits<double>::denorm_min(),
                                     std::int64_t{0},
                                     std::numeric_limits<std::int64_t>::min(),
                                     true,
                                     false,
                                     std::string("offen\0!", 7)};
  std::vector<Record> records;
  for (const auto& value : values) records.push_back(reading(value));
  const auto decoded = decode_body(body_of(records), 41, records[0].received, names());
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->records.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(decoded->records[i].value, values[i]) << i;
    EXPECT_EQ(decoded->records[i].seq, 41 + i);
    EXPECT_EQ(decoded->records[i].time, records[i].time);
    EXPECT_EQ(decoded->records[i].series, &temperature);
    EXPECT_EQ(decoded->records[i].unit, &celsius);
  }
}

TEST(Codec, QualityAndAnUnsynchronisedClockAreKept) {
  auto record = reading(1.0);
  record.quality = Quality::uncertain;
  record.clock_unsynchronised = true;
  const auto decoded = decode_body(body_of({record}), 1, record.received, names());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->records[0].quality, Quality::uncertain);
  EXPECT_TRUE(decoded->records[0].clock_unsynchronised);
}

TEST(Codec, MarksAndEventsAreKept) {
  Record loss{.time = from_nanoseconds(1), .received = from_nanoseconds(1), .kind = Kind::loss};
  loss.event = std::make_shared<Event>(Event{"d", "m", "\"where\":\"mqtt\""});
  const auto decoded = decode_body(body_of({loss}, {{"node-1", 7, 4'000'000'000}}), 1, loss.received, names());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->marks.at(0).sequence, 4'000'000'000);
  EXPECT_EQ(decoded->records.at(0).event->members, "\"where\":\"mqtt\"");
}

TEST(Codec, ATruncatedBodyIsRefusedAtEveryLengthOrEndsAtARecord) {
  const auto body = body_of({reading(21.5), reading(std::string("text"))}, {{"n", 1, 2}});
  std::size_t whole = 0;
  for (std::size_t size = 0; size < body.size(); ++size) {
    if (const auto decoded = decode_body(std::string_view(body).substr(0, size), 1, {}, names())) ++whole;
  }
  EXPECT_EQ(whole, 2U);  // behind the marks, and behind the first record
}

TEST(Codec, AnUnknownSeriesIsDamage) {
  auto record = reading(1.0);
  const Series unknown{.id = 77, .device = "x", .metric = "y"};
  record.series = &unknown;
  EXPECT_FALSE(decode_body(body_of({record}), 1, {}, names()));
}

}  // namespace
}  // namespace weir::gateway
