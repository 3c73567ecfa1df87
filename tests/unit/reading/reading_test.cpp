#include "reading/reading.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "base/limits.h"

namespace weir {
namespace {

Reading good() {
  Reading reading;
  reading.device = "boiler";
  reading.metric = "temperature";
  reading.value = 21.5;
  reading.unit = "Cel";
  return reading;
}

std::string why(const Reading& reading) {
  const auto checked = check_reading(reading);
  return checked ? "accepted" : checked.error().message;
}

TEST(CheckReading, TakesEveryKindOfValue) {
  auto reading = good();
  for (const Value& value : {Value(21.5), Value(std::int64_t{-3}), Value(true), Value(std::string("open"))}) {
    reading.value = value;
    EXPECT_EQ(why(reading), "accepted");
  }
}

TEST(CheckReading, NamesTheMemberThatIsWrong) {
  auto reading = good();
  reading.device = "";
  EXPECT_EQ(why(reading), "device: is missing");
  reading = good();
  reading.metric = std::string(limits::name_bytes_max + 1, 'x');
  EXPECT_EQ(why(reading).rfind("metric: longer than", 0), 0U);
  reading = good();
  reading.metric = "a\nb";
  EXPECT_EQ(why(reading), "metric: holds a control character");
  reading = good();
  reading.device = "\xff";
  EXPECT_EQ(why(reading), "device: is not UTF-8");
  reading = good();
  reading.unit = std::string(limits::unit_bytes_max + 1, 'x');
  EXPECT_EQ(why(reading).rfind("unit: longer than", 0), 0U);
}

TEST(CheckReading, RefusesNanInfinityAndLongOrBrokenText) {
  auto reading = good();
  for (double value : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    reading.value = value;
    EXPECT_EQ(why(reading).rfind("value: NaN", 0), 0U);
  }
  reading.value = std::string(limits::string_value_bytes_max, 'x');
  EXPECT_EQ(why(reading), "accepted");
  reading.value = std::string(limits::string_value_bytes_max + 1, 'x');
  EXPECT_EQ(why(reading).rfind("value: text longer than", 0), 0U);
  reading.value = std::string("\xc3");
  EXPECT_EQ(why(reading), "value: text that is not UTF-8");
}

TEST(CheckReading, RefusesTheTimesOfClocksThatAreNotSet) {
  auto reading = good();
  for (const auto* text : {"2000-01-01T00:00:00Z", "2038-01-19T03:14:08Z", "2099-12-31T23:59:59.999999999Z"}) {
    reading.time = *parse_time(text);
    EXPECT_EQ(why(reading), "accepted");
  }
  for (const auto* text :
       {"1969-12-31T23:59:59Z", "1970-01-01T00:05:00Z", "1999-12-31T23:59:59.999999999Z", "2106-02-07T06:28:15Z"}) {
    reading.time = *parse_time(text);
    EXPECT_EQ(why(reading).rfind("time: " + std::string(text) + " is not between 2000 and 2100", 0), 0U) << why(reading);
  }
}

TEST(Quality, HasTheNamesOfTheContract) {
  for (const auto quality : {Quality::good, Quality::stale, Quality::uncertain, Quality::bad}) {
    EXPECT_EQ(quality_from(to_string(quality)), quality);
  }
  EXPECT_EQ(to_string(Quality::uncertain), "uncertain");
  EXPECT_FALSE(quality_from("excellent"));
}

}  // namespace
}  // namespace weir
