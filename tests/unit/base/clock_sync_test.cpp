#include "base/clock_sync.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/manual_clock.h"
#include "support/temporary_folder.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

const Timestamp now = *parse_time("2026-11-21T12:00:00Z");
const Monotonic start{100s};

/// A board with neither RTC nor hypervisor whose kernel says what the test wants.
class ClockSyncTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.path() / name) << text << "\n";
  }
  void set_rtc(Timestamp time) {
    write("rtc/rtc0/since_epoch", std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()));
  }
  ClockSync sync() {
    return ClockSync({.kernel = [this] { return ++asked_, kernel_; },
                      .rtcs = folder_.path() / "rtc",
                      .clock_sources = folder_.path() / "clock_sources",
                      .timesync = folder_.path() / "timesync"});
  }
  ClockSource source(Timestamp wall = now) { return sync().source(wall, start); }

  tests::TemporaryFolder folder_;
  KernelClock kernel_ = KernelClock::unsynchronised;
  int asked_ = 0;
};

TEST_F(ClockSyncTest, ABoardThatNobodySetIsNotSet) { EXPECT_EQ(source(), ClockSource::none); }

TEST_F(ClockSyncTest, NtpSetsIt) {
  kernel_ = KernelClock::synchronised;
  EXPECT_EQ(source(), ClockSource::ntp);
}

TEST_F(ClockSyncTest, TimesyncdsMarkOutlastsTheKernelsWord) {
  write("timesync", "");
  EXPECT_EQ(source(), ClockSource::ntp);
}

TEST_F(ClockSyncTest, AContainerWhoseFilterRefusesTheCallHasTheHostsClock) {
  kernel_ = KernelClock::refused;
  EXPECT_EQ(source(), ClockSource::kept);
}

TEST_F(ClockSyncTest, AGuestHasTheHostsClock) {
  write("clock_sources", "tsc hpet kvm-clock acpi_pm");
  EXPECT_EQ(source(), ClockSource::kept);
  write("clock_sources", "arch_sys_counter");
  EXPECT_EQ(source(), ClockSource::none);
}

TEST_F(ClockSyncTest, AnRtcThatAgreesHasKeptIt) {
  set_rtc(now - 2h);
  EXPECT_EQ(source(), ClockSource::kept);
}

TEST_F(ClockSyncTest, AnRtcWithoutABatterySaysNothing) {
  set_rtc(Timestamp{} + 5min);
  EXPECT_EQ(source(), ClockSource::none);
  write("rtc/rtc0/since_epoch", "-9000000000000000000");
  EXPECT_EQ(source(), ClockSource::none);
  write("rtc/rtc0/since_epoch", "not a number");
  EXPECT_EQ(source(), ClockSource::none);
}

TEST_F(ClockSyncTest, ATimeBeforeTheProgramIsWrongWhoeverSaysIt) {
  kernel_ = KernelClock::synchronised;
  EXPECT_EQ(source(Timestamp{} + 5min), ClockSource::none);
}

TEST_F(ClockSyncTest, TheKernelIsAskedAtMostOnceASecond) {
  auto clock = sync();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(clock.source(now, start + 9ms * i), ClockSource::none);
  EXPECT_EQ(asked_, 1);
  kernel_ = KernelClock::synchronised;
  EXPECT_EQ(clock.source(now, start + 1s), ClockSource::ntp);
  EXPECT_EQ(asked_, 2);
}

TEST_F(ClockSyncTest, OnceSetByNtpItStaysSetWithoutANetwork) {
  auto clock = sync();
  kernel_ = KernelClock::synchronised;
  ASSERT_EQ(clock.source(now, start), ClockSource::ntp);
  kernel_ = KernelClock::unsynchronised;  // after nine hours the kernel doubts it
  EXPECT_EQ(clock.source(now + 10h, start + 10h), ClockSource::ntp);
}

TEST_F(ClockSyncTest, AKeptClockBecomesNtps) {
  auto clock = sync();
  set_rtc(now);
  ASSERT_EQ(clock.source(now, start), ClockSource::kept);
  kernel_ = KernelClock::synchronised;
  EXPECT_EQ(clock.source(now, start + 1s), ClockSource::ntp);
}

TEST(SystemClock, AsksThisMachine) {
  const SystemClock clock;
  EXPECT_EQ(clock.source(), ClockSync().source(clock.wall(), clock.monotonic()));
}

TEST(Clock, AKeptClockThatSaysLessThanWhatHasPassedIsWrong) {
  ManualClock clock(now);
  clock.set_source(ClockSource::kept);
  EXPECT_TRUE(clock.synchronised());
  EXPECT_TRUE(clock.synchronised(now));
  EXPECT_FALSE(clock.synchronised(now + 1ns));
}

TEST(Clock, NtpIsBelievedAlsoWhereTheLogWasWrittenInTheFuture) {
  const ManualClock clock(now);
  EXPECT_TRUE(clock.synchronised(now + 24h * 3652));
}

TEST(Clock, WhatNobodySetIsNotSynchronised) {
  ManualClock clock(now);
  clock.set_source(ClockSource::none);
  EXPECT_FALSE(clock.synchronised());
}

}  // namespace
}  // namespace weir
