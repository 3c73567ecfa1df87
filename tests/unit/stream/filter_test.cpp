#include "stream/filter.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "support/fake_log.h"

namespace weir::gateway {
namespace {

struct Fixture {
  FakeLog log;
  Record reading(std::string_view device, std::string_view metric) {
    log.add_reading(device, metric);
    return log.held().back();
  }
  Record event(Kind kind, const std::string& device = "", const std::string& metric = "") {
    log.add_event(kind, {device, metric, ""});
    return log.held().back();
  }
};

bool matches(std::string_view kinds, std::string_view devices, std::string_view metrics, const Record& record) {
  auto filter = Filter::parse(kinds, devices, metrics);
  EXPECT_TRUE(filter.ok());
  return filter->matches(record);
}

TEST(Filter, WantsReadingsOfEverythingByDefault) {
  Fixture f;
  EXPECT_TRUE(matches("", "", "", f.reading("boiler", "temperature")));
  EXPECT_FALSE(matches("", "", "", f.event(Kind::command, "boiler")));
  EXPECT_TRUE(Filter().matches(f.reading("boiler", "temperature")));
}

TEST(Filter, TakesGlobsInEachList) {
  Fixture f;
  const Record record = f.reading("boiler-2", "temperature");
  EXPECT_TRUE(matches("", "boiler-?", "temp*", record));
  EXPECT_TRUE(matches("", "pump, boiler-*", "", record));
  EXPECT_FALSE(matches("", "boiler", "", record));
  EXPECT_FALSE(matches("", "boiler-?", "pressure", record));
  EXPECT_TRUE(matches("r*", "", "", record));
}

TEST(Filter, TakesKindsByNameAndPattern) {
  Fixture f;
  const Record alarm = f.event(Kind::alarm, "boiler", "temperature");
  EXPECT_TRUE(matches("reading,alarm", "", "", alarm));
  EXPECT_TRUE(matches("*", "", "", alarm));
  EXPECT_FALSE(matches("command,device", "", "", alarm));
}

TEST(Filter, LeavesOutWhatIsAboutNoDeviceOnlyWhenDevicesAreNamed) {
  Fixture f;
  const Record started = f.event(Kind::system);
  EXPECT_TRUE(matches("*", "", "", started));
  EXPECT_TRUE(matches("*", "*", "", started));
  EXPECT_FALSE(matches("*", "boiler", "", started));
}

TEST(Filter, DoesNotHideCommandsBehindAListOfMetrics) {
  Fixture f;
  EXPECT_TRUE(matches("*", "", "temperature", f.event(Kind::command, "boiler")));
  EXPECT_FALSE(matches("*", "", "temperature", f.event(Kind::alarm, "boiler", "pressure")));
}

TEST(Filter, DecidesEverySeriesForItself) {
  Fixture f;
  auto filter = Filter::parse("", "even-*", "");
  ASSERT_TRUE(filter.ok());
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 300; ++i) {
      const bool even = i % 2 == 0;
      EXPECT_EQ(filter->matches(f.reading((even ? "even-" : "odd-") + std::to_string(i), "m")), even);
    }
  }
}

TEST(Filter, SaysWhichTermIsWrong) {
  const auto fault = [](std::string_view kinds, std::string_view devices, std::string_view metrics) {
    const auto filter = Filter::parse(kinds, devices, metrics);
    return filter ? std::string() : filter.error().message;
  };
  EXPECT_NE(fault("readings", "", "").find("'readings'"), std::string::npos);
  EXPECT_NE(fault("reading,", "", "").find("kinds"), std::string::npos);
  EXPECT_NE(fault("", "a,,b", "").find("devices"), std::string::npos);
  EXPECT_NE(fault("", "", " ").find("metrics"), std::string::npos);
  EXPECT_NE(fault("", "", std::string(129, 'm')).find("longer"), std::string::npos);
  std::string many = "a";
  for (std::size_t i = 1; i < limits::filter_terms_max; ++i) many += ",a";
  EXPECT_EQ(fault("", many, ""), "");
  EXPECT_NE(fault("", many + ",a", "").find("64"), std::string::npos);
}

TEST(Filters, EqualOnesShareWhatWasDecidedAndOthersDoNot) {
  Filters filters;
  auto first = filters.same(*Filter::parse("", "boil*", ""));
  auto equal = filters.same(*Filter::parse("", "boil*", ""));
  auto other = filters.same(*Filter::parse("", "pump*", ""));
  EXPECT_EQ(&first.key(), &equal.key());  // one state
  EXPECT_NE(first.key(), other.key());
  Fixture f;
  EXPECT_TRUE(first.matches(f.reading("boiler", "temperature")));
  EXPECT_TRUE(equal.matches(f.reading("boiler", "temperature")));
  EXPECT_FALSE(other.matches(f.reading("boiler", "temperature")));
}

TEST(Filters, ForgetsThoseThatNobodyHas) {
  Filters filters;
  std::string key;
  for (int i = 0; i < 1000; ++i) key = filters.same(*Filter::parse("", "device-" + std::to_string(i), "")).key();
  EXPECT_LE(filters.known(), 128U);
  EXPECT_EQ(filters.same(*Filter::parse("", "device-999", "")).key(), key);
}

}  // namespace
}  // namespace weir::gateway
