// Text lines from a pseudo-terminal.
#include "unit/readers/serial_bench.h"

namespace weir::test {
namespace {

using firmware::Framing;

firmware::SerialOptions json_lines(const std::string& path) {
  auto options = serial_options(path, Framing::lines);
  options.mapping.decode = "json";
  options.mapping.device = "meter";
  return options;
}

class SerialLines : public testing::Test {
 protected:
  SerialLines() { EXPECT_TRUE(bench.connects()); }
  Pty pty;
  SerialBench bench{json_lines(pty.path())};
};

TEST_F(SerialLines, EndInLfCrOrBoth) {
  pty.say("{\"a\":1.5}\n{\"a\":2.5}\r\n{\"a\":3.5}\r{\"a\":4.5}\n\n");
  EXPECT_TRUE(wait_until([&] { return bench.intake.has(4.5); }));
  EXPECT_EQ(bench.intake.readings().size(), 4U);
  EXPECT_EQ(bench.intake.readings()[0].device, "meter");
  EXPECT_TRUE(bench.intake.last_state("meter", DeviceState::online));
  EXPECT_TRUE(wait_until([&] { return bench.reader->status().readings == 4; }));
}

TEST_F(SerialLines, MayComeByteByByte) {
  for (const char byte : std::string_view("{\"a\":1.5}\n")) ASSERT_TRUE(pty.say({&byte, 1}));
  EXPECT_TRUE(wait_until([&] { return bench.intake.has(1.5); }));
}

TEST_F(SerialLines, FirstHalfLineIsSilentAndLaterOnesAreCounted) {
  pty.say(":1.5}\n{\"a\":2.5}\n:3.5}\n\xFF\xFE\n{\"a\":4.5}\n");
  EXPECT_TRUE(wait_until([&] { return bench.intake.lost("undecodable") == 2; }));
  EXPECT_TRUE(bench.intake.has(2.5));
  EXPECT_TRUE(bench.intake.has(4.5));
  EXPECT_EQ(bench.intake.losses()[0].where, "serial bench " + pty.path());
}

TEST_F(SerialLines, LineThatNeverEndsIsOneLossAndTheNextIsTaken) {
  pty.say("{\"a\":1.5}\n");
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pty.say(std::string(1000, 'x')));
  pty.say("\n{\"a\":2.5}\n");
  EXPECT_TRUE(wait_until([&] { return bench.intake.has(2.5); }));
  EXPECT_TRUE(wait_until([&] { return bench.intake.lost("noise") == 1; }));
}

TEST_F(SerialLines, FullLogHoldsThePortBackAndLosesNothing) {
  bench.intake.full(true);
  const int lines = 300;
  for (int i = 0; i < lines; ++i) ASSERT_TRUE(pty.say("{\"a\":" + std::to_string(i) + "}\n"));
  EXPECT_TRUE(wait_until([&] { return bench.intake.refused() > 2; }));
  bench.intake.full(false);
  EXPECT_TRUE(wait_until([&] { return bench.intake.readings().size() == lines; }));
  for (int i = 0; i < lines; ++i) EXPECT_EQ(bench.intake.readings()[static_cast<std::size_t>(i)].value, Value(std::int64_t{i}));
}

TEST_F(SerialLines, CommandIsALineAndALineWithIdAndOkIsItsReply) {
  EXPECT_TRUE(bench.send("meter", R"({"target":50})").ok());
  EXPECT_TRUE(wait_until([&] { return pty.heard() == "{\"id\":\"c1\",\"name\":\"set\",\"args\":{\"target\":50}}\n"; }))
      << pty.heard();
  pty.say("{\"id\":\"c1\",\"ok\":true,\"result\":{\"target\":50}}\n{\"id\":\"c2\",\"ok\":false,\"error\":\"stuck\"}\n");
  ASSERT_TRUE(wait_until([&] { return bench.listener.replies().size() == 2; }));
  EXPECT_EQ(bench.listener.replies()[0].result_json, R"({"target":50})");
  EXPECT_EQ(bench.listener.replies()[0].device, "meter");
  EXPECT_EQ(bench.listener.replies()[1].error, "stuck");
  EXPECT_TRUE(bench.intake.readings().empty());
}

TEST_F(SerialLines, CommandTooLongForALineIsRefused) {
  const auto sent = bench.send("meter", "{\"text\":\"" + std::string(5000, 'x') + "\"}");
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code, ErrorCode::invalid);
}

TEST_F(SerialLines, UnpluggedInTheMiddleOfALineDropsTheHalf) {
  pty.say("{\"a\":1.5}\n{\"a\":9");
  EXPECT_TRUE(wait_until([&] { return bench.intake.has(1.5); }));
  pty.unplug();
  EXPECT_TRUE(wait_until([&] { return bench.intake.last_state("meter", DeviceState::offline); }));
  EXPECT_EQ(bench.intake.readings().size(), 1U);
}

// ---- A line on which nobody speaks unasked

class PolledLine : public testing::Test {
 protected:
  static firmware::SerialOptions polled(const std::string& path) {
    auto options = json_lines(path);
    options.polls = {{.send = "READ?", .every = std::chrono::milliseconds(20)}};
    options.answer_within = std::chrono::milliseconds(500);
    return options;
  }
  PolledLine() { EXPECT_TRUE(bench.connects()); }

  bool asked(std::size_t times) {
    return wait_until([&] {
      std::size_t found = 0;
      for (auto at = pty.heard().find("READ?\n"); at != std::string::npos; at = pty.heard().find("READ?\n", at + 1)) ++found;
      return found >= times;
    });
  }
  Pty pty;
  SerialBench bench{polled(pty.path())};
};

TEST_F(PolledLine, IsAskedAgainOnceItHasAnswered) {
  for (std::size_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(asked(i));
    pty.say("{\"a\":" + std::to_string(i) + "}\n");
  }
  EXPECT_TRUE(wait_until([&] { return bench.intake.readings().size() == 3; }));
  EXPECT_EQ(bench.reader->status().retries, 0U);
  EXPECT_GE(bench.reader->status().polls, 3U);
  EXPECT_GT(bench.reader->status().line_busy.count(), 0);
}

TEST_F(PolledLine, ACommandWaitsForTheAnswerAndGoesBeforeTheNextPoll) {
  ASSERT_TRUE(asked(1));
  std::promise<Result<void>> sent;
  const Command command{"c1", "meter", "set", "{}", bench.loop.clock().wall() + std::chrono::seconds(10)};
  bench.loop.call([&] { bench.reader->send(command, [&](Result<void> out) { sent.set_value(std::move(out)); }); });
  EXPECT_EQ(pty.heard(), "READ?\n");
  pty.say("{\"a\":1}\n");
  EXPECT_TRUE(sent.get_future().get());
  EXPECT_TRUE(wait_until([&] { return pty.heard() == "READ?\n{\"id\":\"c1\",\"name\":\"set\",\"args\":{}}\n"; })) << pty.heard();
  pty.say("{\"id\":\"c1\",\"ok\":true}\n");
  EXPECT_TRUE(asked(2));
}

TEST_F(PolledLine, ASilentDeviceIsAskedOnceMoreAndCounted) {
  EXPECT_TRUE(wait_until([&] { return bench.reader->status().unanswered == 1; }));
  EXPECT_EQ(bench.reader->status().retries, 1U);
}

}  // namespace
}  // namespace weir::test
