#include "decoders/push.h"

#include <string>

#include <gtest/gtest.h>

#include "base/limits.h"

namespace weir::firmware {
namespace {

std::string json_error(std::string_view body) {
  const auto parsed = parse_push_json(body);
  return parsed ? "accepted" : parsed.error().message;
}

std::string ndjson_error(std::string_view body) {
  const auto parsed = parse_push_ndjson(body);
  return parsed ? "accepted" : parsed.error().message;
}

std::string many(std::size_t count, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out.append(i > 0 ? separator : "").append(R"({"device":"d","metric":"m","value":1})");
  return out;
}

TEST(Push, TakesOneObjectWithAllMembers) {
  const auto parsed = parse_push_json(
      R"({"device":"d","metric":"m","value":21.5,"time":"2026-11-21T10:11:12.5Z","unit":"Cel","quality":"stale"})");
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_EQ(parsed->size(), 1U);
  const auto& reading = parsed->front();
  EXPECT_EQ(reading.device, "d");
  EXPECT_EQ(reading.metric, "m");
  EXPECT_EQ(reading.value, Value(21.5));
  EXPECT_EQ(format_time(*reading.time), "2026-11-21T10:11:12.5Z");
  EXPECT_EQ(reading.unit, "Cel");
  EXPECT_EQ(reading.quality, Quality::stale);
}

TEST(Push, TakesArraysAndLinesInOrder) {
  const auto array = parse_push_json(R"([{"device":"a","metric":"m","value":1},{"device":"b","metric":"m","value":true}])");
  ASSERT_TRUE(array);
  EXPECT_EQ((*array)[0].value, Value(std::int64_t{1}));
  EXPECT_EQ((*array)[1].device, "b");
  EXPECT_FALSE((*array)[1].time);
  const auto lines = parse_push_ndjson(
      "{\"device\":\"a\",\"metric\":\"m\",\"value\":\"x\"}\r\n\n{\"device\":\"b\",\"metric\":\"m\",\"value\":2}\n");
  ASSERT_TRUE(lines) << lines.error().message;
  EXPECT_EQ((*lines)[0].value, Value(std::string("x")));
  EXPECT_EQ((*lines)[1].device, "b");
}

TEST(Push, AnEmptyArrayIsNoReadings) {
  ASSERT_TRUE(parse_push_json("[]"));
  EXPECT_TRUE(parse_push_json("[]")->empty());
  EXPECT_EQ(ndjson_error("\n\n").rfind("an empty body", 0), 0U);
  EXPECT_NE(json_error(""), "accepted");
}

TEST(Push, NamesTheFirstBadReadingAndItsMember) {
  const std::string good = R"({"device":"d","metric":"m","value":1},)";
  const auto third = [&](std::string_view object) { return json_error("[" + good + good + std::string(object) + "]"); };
  EXPECT_EQ(third(R"({"device":"d","metric":"m"})"), "reading 3: value: is missing");
  EXPECT_EQ(third(R"({"metric":"m","value":1})"), "reading 3: device: is missing");
  EXPECT_EQ(third(R"({"device":7,"metric":"m","value":1})"), "reading 3: device: number is not a string");
  EXPECT_EQ(third(R"({"device":"d","metric":"m","value":null})"), "reading 3: value: null is not a number, boolean or string");
  EXPECT_EQ(third(R"({"device":"d","metric":"m","value":{}})"), "reading 3: value: object is not a number, boolean or string");
  EXPECT_EQ(third(R"({"device":"d","metric":"m","value":1,"quality":"meh"})"),
            "reading 3: quality: is not good, stale, uncertain or bad");
  EXPECT_EQ(third(R"({"device":"d","metric":"m","value":1,"unit":1})"), "reading 3: unit: number is not a string");
  EXPECT_EQ(third(R"({"device":"d","metric":"m","value":1,"time":1700000000})"), "reading 3: time: number is not RFC 3339 text");
  EXPECT_EQ(third(R"({"device":"d","metric":"m","value":1,"time":"noon"})").rfind("reading 3: time: the year is wrong", 0), 0U);
  EXPECT_EQ(third(R"({"device":"d","metric":"m","value":1,"tiem":"x"})").rfind("reading 3: \"tiem\" is not a member", 0), 0U);
  EXPECT_EQ(third("7"), "reading 3: number is not an object");
  EXPECT_EQ(json_error("7"), "reading 1: number is not an object");
}

TEST(Push, RefusesTheTimesOfClocksThatAreNotSet) {
  for (const auto* time : {"1970-01-01T00:00:00Z", "2106-02-07T06:28:15Z", "9999-12-31T23:59:59Z"}) {
    EXPECT_EQ(
        json_error(R"({"device":"d","metric":"m","value":1,"time":")" + std::string(time) + "\"}").rfind("reading 1: time: ", 0),
        0U);
  }
}

TEST(Push, NamesTheFirstBadLine) {
  const std::string good = "{\"device\":\"d\",\"metric\":\"m\",\"value\":1}\n";
  EXPECT_EQ(ndjson_error(good + "{\"device\":\n" + good).rfind("reading 2: not acceptable JSON", 0), 0U);
  EXPECT_EQ(ndjson_error(good + "[]\n"), "reading 2: array is not an object");
}

TEST(Push, TakesTheLimitAndNotOneMore) {
  constexpr auto limit = limits::readings_per_message_max;
  EXPECT_EQ(parse_push_json("[" + many(limit, ",") + "]")->size(), limit);
  EXPECT_EQ(json_error("[" + many(limit + 1, ",") + "]").rfind("more than 10000 readings", 0), 0U);
  EXPECT_EQ(parse_push_ndjson(many(limit, "\n"))->size(), limit);
  EXPECT_EQ(ndjson_error(many(limit + 1, "\n")).rfind("more than 10000 readings", 0), 0U);
}

TEST(Push, AnErrorNeverRepeatsALongName) { EXPECT_LT(json_error("{\"" + std::string(100'000, 'x') + "\":1}").size(), 250U); }

}  // namespace
}  // namespace weir::firmware
