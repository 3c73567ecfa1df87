#include "base/log_line.h"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

template <class Write>
std::string written(Write write) {
  testing::internal::CaptureStderr();
  write();
  return testing::internal::GetCapturedStderr();
}

std::string line(std::string_view what) {
  return written([&] { log_line(Severity::warning, "mqtt field", what); });
}

TEST(LogLine, BeginsWithTimeAndSeverityForPeople) {
  const auto text = line("connected");
  EXPECT_TRUE(parse_time(text.substr(0, text.find(' ')))) << text;
  EXPECT_NE(text.find(" warning mqtt field: connected\n"), std::string::npos) << text;
}

TEST(LogLine, BeginsWithAPriorityWhereJournaldReadsStderr) {
  const auto text = written([] {
    struct stat file = {};
    ASSERT_EQ(fstat(STDERR_FILENO, &file), 0);
    const auto stream = std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
    setenv("JOURNAL_STREAM", stream.c_str(), 1);
    log_line(Severity::info, "a", "b");
    setenv("JOURNAL_STREAM", "1:1", 1);
    log_line(Severity::info, "c", "d");
    unsetenv("JOURNAL_STREAM");
  });
  EXPECT_EQ(text.substr(0, 8), "<6>a: b\n");
  EXPECT_EQ(text.find("<6>c"), std::string::npos) << "stderr was redirected: the inherited variable means nothing";
}

TEST(LogLine, CannotBeForgedByItsInput) {
  const auto text = line("a\nb\x1b[31m\xff\xc2\x85z");
  EXPECT_NE(text.find("a\\x0ab\\x1b[31m\\xff\\xc2\\x85z\n"), std::string::npos) << text;
}

TEST(LogLine, IsCutBetweenCharacters) {
  std::string umlauts;
  for (int i = 0; i < 2'000; ++i) umlauts += "\xc3\xbc";
  const auto text = line(umlauts);
  EXPECT_LE(text.size(), 1024U);
  EXPECT_GT(text.size(), 1000U);
  EXPECT_TRUE(is_utf8(text));
  EXPECT_EQ(text.back(), '\n');
}

TEST(LineLimiter, LetsOneThroughPerIntervalAndSaysHowManyItHeldBack) {
  LineLimiter limiter(1s);
  const Monotonic start(100s);
  const auto log = [&](Monotonic now) { return written([&] { limiter.log(now, Severity::warning, "w", "bad payload"); }); };
  EXPECT_NE(log(start).find("bad payload\n"), std::string::npos);
  EXPECT_EQ(log(start + 1ms), "");
  EXPECT_EQ(log(start + 999ms), "");
  EXPECT_NE(log(start + 1s).find("bad payload (2 more like it)\n"), std::string::npos);
  EXPECT_NE(log(start + 2s).find("bad payload\n"), std::string::npos);
}

}  // namespace
}  // namespace weir
