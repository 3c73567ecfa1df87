#include "base/time.h"

#include <limits>

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

std::int64_t ns(std::string_view text) {
  const auto parsed = parse_time(text);
  EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().message);
  return parsed ? to_nanoseconds(*parsed) : -1;
}

std::string why(std::string_view text) {
  const auto parsed = parse_time(text);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(ParseTime, ReadsTheExamplesOfRfc3339) {
  EXPECT_EQ(ns("1985-04-12T23:20:50.52Z"), 482'196'050'520'000'000);
  EXPECT_EQ(ns("1996-12-19T16:39:57-08:00"), ns("1996-12-20T00:39:57Z"));
  EXPECT_EQ(ns("1937-01-01T12:00:27.87+00:20"), ns("1937-01-01T11:40:27.87Z"));
  EXPECT_EQ(ns("1990-12-31T23:59:60Z"), ns("1991-01-01T00:00:00Z"));
  EXPECT_EQ(ns("1990-12-31T15:59:60-08:00"), ns("1991-01-01T00:00:00Z"));
}

TEST(ParseTime, KeepsNanosecondsAndDropsWhatIsFiner) {
  EXPECT_EQ(ns("1970-01-01T00:00:00.000000001Z"), 1);
  EXPECT_EQ(ns("1970-01-01T00:00:00.0000000019Z"), 1);
  EXPECT_EQ(ns("1970-01-01t00:00:01.5z"), 1'500'000'000);
  EXPECT_EQ(ns("1970-01-01 00:00:01Z"), 1'000'000'000);
  EXPECT_EQ(ns("1969-12-31T23:59:59.5Z"), -500'000'000);
}

TEST(ParseTime, KnowsTheCalendarAndTheCenturiesAhead) {
  EXPECT_EQ(ns("2024-02-29T00:00:00Z") - ns("2024-02-28T00:00:00Z"), 86'400'000'000'000);
  EXPECT_EQ(ns("2106-02-07T06:28:16Z"), 4'294'967'296'000'000'000);
  EXPECT_EQ(ns("2038-01-19T03:14:08Z"), 2'147'483'648'000'000'000);
  EXPECT_NE(why("2023-02-29T00:00:00Z").find("day does not exist"), std::string::npos);
  EXPECT_NE(why("2100-02-29T00:00:00Z").find("day does not exist"), std::string::npos);
}

TEST(ParseTime, NamesThePartThatIsWrong) {
  EXPECT_NE(why("yesterday").find("year"), std::string::npos);
  EXPECT_NE(why("2026-13-01T00:00:00Z").find("month"), std::string::npos);
  EXPECT_NE(why("2026-11-00T00:00:00Z").find("day"), std::string::npos);
  EXPECT_NE(why("2026-11-21T24:00:00Z").find("hour"), std::string::npos);
  EXPECT_NE(why("2026-11-21T23:60:00Z").find("minute"), std::string::npos);
  EXPECT_NE(why("2026-11-21T23:00:61Z").find("second"), std::string::npos);
  EXPECT_NE(why("2026-11-21T23:00:60Z").find("second is 60"), std::string::npos);
  EXPECT_NE(why("2026-11-21T23:00:00.Z").find("fraction"), std::string::npos);
  EXPECT_NE(why("2026-11-21T23:00:00").find("offset"), std::string::npos);
  EXPECT_NE(why("2026-11-21T23:00:00+2400").find("offset"), std::string::npos);
  EXPECT_NE(why("2026-11-21T23:00:00Zulu").find("follows"), std::string::npos);
  EXPECT_NE(why("2026-11-21").find("'T'"), std::string::npos);
}

TEST(ParseTime, RefusesWhatSixtyFourBitsCannotHold) {
  EXPECT_EQ(ns("2261-12-31T23:59:59Z"), 9'214'646'399'000'000'000);
  EXPECT_NE(why("2263-01-01T00:00:00Z").find("outside"), std::string::npos);
  EXPECT_NE(why("9999-12-31T23:59:59Z").find("outside"), std::string::npos);
  EXPECT_NE(why("0000-01-01T00:00:00Z").find("outside"), std::string::npos);
  EXPECT_NE(why("1677-01-01T00:00:00Z").find("outside"), std::string::npos);
}

TEST(FormatTime, WritesAsManyDigitsAsAreNotZero) {
  for (const auto* text : {"2026-11-21T10:11:12Z", "2026-11-21T10:11:12.5Z", "1970-01-01T00:00:00.000000001Z",
                           "1969-12-31T23:59:59.75Z", "2106-02-07T06:28:16Z", "2000-02-29T00:00:00Z"}) {
    EXPECT_EQ(format_time(*parse_time(text)), text);
  }
}

TEST(FormatTime, HoldsTheWholeRange) {
  EXPECT_EQ(format_time(from_nanoseconds(std::numeric_limits<std::int64_t>::max())), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(format_time(from_nanoseconds(std::numeric_limits<std::int64_t>::min())), "1677-09-21T00:12:43.145224192Z");
}

TEST(Duration, ReadsAWholeNumberAndItsUnit) {
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("1s"), 1s);
  EXPECT_EQ(*parse_duration("5m"), 5min);
  EXPECT_EQ(*parse_duration("12h"), 12h);
  EXPECT_EQ(*parse_duration("30d"), 720h);
  EXPECT_EQ(*parse_duration("0s"), 0s);
  EXPECT_EQ(*parse_duration("7us"), 7us);
  EXPECT_EQ(*parse_duration("7ns"), 7ns);
}

TEST(Duration, RefusesEverythingElse) {
  for (const auto* text :
       {"", "s", "1", "1.5s", "-1s", "1 s", "1S", "1sec", "s1", "99999999999999999999s", "107000d", " 1s", "+1s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, IsWrittenInItsLargestWholeUnit) {
  for (const auto* text : {"250ms", "1s", "90s", "5m", "12h", "30d", "0s", "1500us"}) {
    EXPECT_EQ(format_duration(*parse_duration(text)), text);
  }
  EXPECT_EQ(format_duration(24h), "1d");
  EXPECT_EQ(format_duration(60s), "1m");
}

}  // namespace
}  // namespace weir
