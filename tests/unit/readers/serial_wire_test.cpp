// The wire protocol from a pseudo-terminal: the test plays the node, byte by byte.
#include "unit/readers/serial_bench.h"

namespace weir::test {
namespace {

using firmware::Framing;

std::string as_text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

std::string hello(std::string_view device, std::uint32_t boot) {
  return as_text(line_of([&](auto* frame) {
    weir_argument target{};
    target.name = text("target");
    target.has_max = true;
    target.max = 90;
    target.unit = text("Cel");
    weir_declaration set{};
    set.name = text("set");
    set.state_metric = text("target");
    set.args = &target;
    set.arg_count = 1;
    weir_hello message{};
    message.device = text(device);
    message.boot = boot;
    message.frame_bytes_max = 1024;
    message.commands = &set;
    message.command_count = 1;
    weir_put_hello(frame, &message);
  }));
}

/// Readings whose values are their numbers.
std::string readings(std::uint32_t first, std::uint32_t count, std::uint32_t oldest, std::uint32_t dropped = 0,
                     double time = 1795255200) {
  return as_text(line_of([&](auto* frame) {
    weir_readings head{};
    head.boot = 7;
    head.first = first;
    head.oldest = oldest;
    head.dropped = dropped;
    head.count = count;
    weir_put_readings(frame, &head);
    for (std::uint32_t i = 0; i < count; ++i) {
      weir_senml_record record{};
      record.name = text("temperature");
      record.unit = text("Cel");
      record.kind = WEIR_SENML_NUMBER;
      record.number = first + i;
      record.time = time > 0 ? 0.25 * i : time;
      weir_senml_put(&frame->body, &record, i == 0 && time > 0 ? time : 0);
    }
  }));
}

class SerialWire : public testing::Test {
 protected:
  SerialWire() { EXPECT_TRUE(bench.connects()); }

  std::vector<Bytes> frames() {
    const auto& heard = pty.heard();
    return frames_in(Bytes(heard.begin(), heard.end()));
  }
  std::size_t count(weir_frame_type type) {
    std::size_t found = 0;
    for (const auto& frame : frames()) found += (frame[0] & 0xFU) == type ? 1U : 0U;
    return found;
  }
  /// The number of the newest ACK.
  std::optional<std::uint32_t> acknowledged() {
    std::optional<std::uint32_t> newest;
    for (const auto& frame : frames()) {
      weir_frame_type type{};
      weir_cbor_reader body{};
      weir_ack ack;
      weir_frame_open(frame.data(), frame.size(), &type, &body);
      if (type == WEIR_ACK && weir_read_ack(&body, &ack)) newest = ack.sequence;
    }
    return newest;
  }
  void meet() {
    pty.say(hello("node", 7));
    ASSERT_TRUE(wait_until([&] { return bench.intake.last_state("node", DeviceState::online); }));
  }

  Pty pty;
  SerialBench bench{serial_options(pty.path(), Framing::wire)};
};

TEST_F(SerialWire, AsksForHelloAndAnswersItWithTheTime) {
  EXPECT_TRUE(wait_until([&] { return count(WEIR_TIME) == 1; }));
  meet();
  EXPECT_TRUE(wait_until([&] { return count(WEIR_TIME) == 2; }));
  const auto all = frames();
  weir_frame_type type{};
  weir_cbor_reader body{};
  weir_time time;
  weir_frame_open(all[0].data(), all[0].size(), &type, &body);
  ASSERT_TRUE(weir_read_time(&body, &time));
  EXPECT_TRUE(time.want_hello);
  weir_frame_open(all[1].data(), all[1].size(), &type, &body);
  ASSERT_TRUE(weir_read_time(&body, &time));
  EXPECT_FALSE(time.want_hello);
  EXPECT_GT(time.seconds, 1.7e9);
  const auto declared = bench.listener.declared();
  ASSERT_EQ(declared.size(), 1U);
  EXPECT_EQ(declared[0].first, "node");
  EXPECT_EQ(declared[0].second.at(0).args.at(0).max, 90.0);
  EXPECT_EQ(declared[0].second.at(0).state_metric, "target");
}

TEST_F(SerialWire, AcknowledgesAfterTheCommitAndNotBefore) {
  meet();
  bench.intake.hold();
  pty.say(readings(0, 3, 0));
  ASSERT_TRUE(wait_until([&] { return bench.intake.readings().size() == 3; }));
  // What comes after it on the same line was handled: nothing was acknowledged in between.
  pty.say(hello("node", 7));
  ASSERT_TRUE(wait_until([&] { return bench.listener.declared().size() == 2; }));
  EXPECT_FALSE(acknowledged().has_value());
  bench.intake.commit();
  EXPECT_TRUE(wait_until([&] { return acknowledged() == 2U; }));
  const auto mark = bench.intake.marks().at(0);
  EXPECT_EQ(mark.device, "node");
  EXPECT_EQ(mark.boot, 7U);
  EXPECT_EQ(mark.first_sequence, 0U);
  const auto reading = bench.intake.readings().at(1);
  EXPECT_EQ(reading.unit, "Cel");
  EXPECT_EQ(*reading.time, Timestamp(std::chrono::milliseconds(1795255200250)));
  EXPECT_FALSE(reading.clock_unsynchronised);
}

TEST_F(SerialWire, FailedCommitIsNotAcknowledgedAndTheFrameIsTakenAgain) {
  meet();
  bench.intake.hold();
  pty.say(readings(0, 2, 0));
  ASSERT_TRUE(wait_until([&] { return bench.intake.readings().size() == 2; }));
  bench.intake.commit(Error{ErrorCode::io, "the disk failed"});
  ASSERT_TRUE(wait_until([&] { return bench.reader->status().held_back == 1; }));
  EXPECT_FALSE(acknowledged().has_value());
  pty.say(readings(0, 2, 0));
  ASSERT_TRUE(wait_until([&] { return bench.intake.readings().size() == 4; }));
  bench.intake.commit();
  EXPECT_TRUE(wait_until([&] { return acknowledged() == 1U; }));
}

TEST_F(SerialWire, FullLogIsNotAcknowledged) {
  meet();
  bench.intake.full(true);
  pty.say(readings(0, 2, 0));
  ASSERT_TRUE(wait_until([&] { return bench.intake.refused() > 0; }));
  bench.intake.full(false);
  pty.say(readings(0, 3, 0));
  EXPECT_TRUE(wait_until([&] { return acknowledged() == 2U; }));
  EXPECT_EQ(bench.intake.readings().size(), 3U);
}

TEST_F(SerialWire, TakesFramesInOrderAndEachReadingOnce) {
  meet();
  pty.say(readings(0, 2, 0) + readings(4, 2, 0) + readings(2, 2, 0) + readings(2, 4, 2) + readings(0, 2, 0));
  EXPECT_TRUE(wait_until([&] { return acknowledged() == 5U; }));
  const auto all = bench.intake.readings();
  ASSERT_EQ(all.size(), 6U);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].value, Value(static_cast<double>(i)));
}

TEST_F(SerialWire, DroppedReadingsAreALossOnceAndNotOnesThatItTook) {
  meet();
  pty.say(readings(0, 2, 0));
  ASSERT_TRUE(wait_until([&] { return acknowledged() == 1U; }));
  pty.say(readings(10, 2, 10, 10) + readings(10, 3, 10, 10));  // 0 to 9 were dropped there, 0 and 1 had arrived
  ASSERT_TRUE(wait_until([&] { return acknowledged() == 12U; }));
  EXPECT_EQ(bench.intake.lost("overflow"), 8U);
  EXPECT_EQ(bench.intake.losses().at(0).device, "node");
}

TEST_F(SerialWire, AgesAreDatedByTheGatewayAndMarked) {
  meet();
  const auto before = bench.loop.clock().wall();
  pty.say(readings(0, 1, 0, 0, -60));
  ASSERT_TRUE(wait_until([&] { return bench.intake.readings().size() == 1; }));
  const auto reading = bench.intake.readings()[0];
  EXPECT_TRUE(reading.clock_unsynchronised);
  EXPECT_GE(*reading.time, before - std::chrono::seconds(60));
  EXPECT_LE(*reading.time, bench.loop.clock().wall() - std::chrono::seconds(60));
}

TEST_F(SerialWire, RecordThatIsNoReadingIsALossAndItsNeighboursAreTaken) {
  meet();
  pty.say(as_text(line_of([](auto* frame) {
    weir_readings head{};
    head.boot = 7;
    head.count = 4;
    weir_put_readings(frame, &head);
    for (const char* name : {"a", "", "c", "bad\n"}) {
      weir_senml_record record{};
      record.name = text(name);
      record.kind = WEIR_SENML_NUMBER;
      weir_senml_put(&frame->body, &record, 0);
    }
  })));
  EXPECT_TRUE(wait_until([&] { return acknowledged() == 3U; })) << "what can never be taken is not asked for again";
  EXPECT_EQ(bench.intake.readings().size(), 2U);
  EXPECT_EQ(bench.intake.lost("undecodable"), 2U);
  ASSERT_EQ(bench.intake.marks().size(), 2U);
  EXPECT_EQ(bench.intake.marks()[1].first_sequence, 2U);
}

TEST_F(SerialWire, NoiseAndDamagedFramesAreCountedAndTheNextFrameIsTaken) {
  meet();
  std::string damaged = readings(0, 2, 0);
  damaged[damaged.size() / 2] ^= 0x10;
  pty.say(std::string("\x11\x22\x00", 3) + damaged + std::string(5000, '\x33') + std::string(1, '\0') + readings(0, 2, 0));
  EXPECT_TRUE(wait_until([&] { return acknowledged() == 1U; }));
  EXPECT_TRUE(wait_until([&] { return bench.intake.lost("noise") == 3; })) << bench.intake.lost("noise");
  EXPECT_EQ(bench.intake.readings().size(), 2U);
}

TEST_F(SerialWire, HalfAFrameAfterOpeningIsSilent) {
  pty.say(readings(0, 2, 0).substr(9));
  meet();
  pty.say(readings(0, 1, 0));
  EXPECT_TRUE(wait_until([&] { return acknowledged() == 0U; }));
  EXPECT_EQ(bench.reader->status().losses, 0U);
}

TEST_F(SerialWire, ReadingsOfANodeThatIsNotKnownAreNotTaken) {
  pty.say(readings(0, 2, 0));
  meet();
  EXPECT_TRUE(bench.intake.readings().empty());
  EXPECT_FALSE(acknowledged().has_value());
}

TEST_F(SerialWire, NewBootBeginsItsOwnNumbers) {
  meet();
  pty.say(readings(5, 2, 5));
  ASSERT_TRUE(wait_until([&] { return acknowledged() == 6U; }));
  pty.say(hello("node", 8));
  ASSERT_TRUE(wait_until([&] { return bench.listener.declared().size() == 2; }));
  pty.say(hello("node", 7) + readings(0, 1, 0));
  EXPECT_TRUE(wait_until([&] { return acknowledged() == 0U; }));
}

TEST_F(SerialWire, CommandGoesToTheNodeAndItsResultIsAcknowledgedWhenCommitted) {
  EXPECT_EQ(bench.send("node").error().code, ErrorCode::unavailable) << "not heard yet";
  meet();
  EXPECT_TRUE(bench.reader->reaches("node"));
  EXPECT_FALSE(bench.reader->reaches("other"));
  ASSERT_TRUE(bench.send("node", R"({"target":50})").ok());
  ASSERT_TRUE(wait_until([&] { return count(WEIR_COMMAND) == 1; }));
  const auto result = as_text(line_of([](auto* frame) {
    const Bytes item{0xA1, 0x66, 't', 'a', 'r', 'g', 'e', 't', 0x18, 0x32};
    const weir_result message{text("c1"), true, {item.data(), item.size()}, {}};
    weir_put_result(frame, &message);
  }));
  bench.listener.commit_replies(false);
  pty.say(result + hello("node", 7));
  ASSERT_TRUE(wait_until([&] { return bench.listener.declared().size() == 2; }));
  EXPECT_EQ(count(WEIR_RESULT_ACK), 0U);
  bench.listener.commit_replies(true);
  pty.say(result);
  EXPECT_TRUE(wait_until([&] { return count(WEIR_RESULT_ACK) == 1; }));
  EXPECT_EQ(bench.listener.replies().back().id, "c1");
  EXPECT_EQ(bench.listener.replies().back().device, "node");
  EXPECT_EQ(bench.listener.replies().back().result_json, R"({"target":50})");
}

TEST_F(SerialWire, CommandThatDoesNotFitAFrameIsRefused) {
  meet();
  EXPECT_EQ(bench.send("node", "{\"text\":\"" + std::string(2000, 'x') + "\"}").error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace weir::test
