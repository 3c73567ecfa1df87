#include "wire/frame.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "unit/wire/frames.h"
#include "wire/crc32c.h"
#include "wire/hello.h"
#include "wire/senml.h"

namespace weir::test {
namespace {

weir_senml_record number(std::string_view name, double value, double time = 0) {
  weir_senml_record record{};
  record.name = text(name);
  record.kind = WEIR_SENML_NUMBER;
  record.number = value;
  record.time = time;
  return record;
}

Bytes readings_line() {
  return line_of([](auto* frame) {
    weir_readings head{};
    head.boot = 0xB007;
    head.first = 40;
    head.oldest = 38;
    head.dropped = 3;
    head.count = 3;
    weir_put_readings(frame, &head);
    auto first = number("temperature", 21.5);
    first.unit = text("Cel");
    weir_senml_put(&frame->body, &first, 1795000000.25);
    const auto second = number("humidity", 0.1, 0.125);
    weir_senml_put(&frame->body, &second, 0);
    auto third = number("relay", 0);
    third.kind = WEIR_SENML_BOOL;
    third.boolean = true;
    weir_senml_put(&frame->body, &third, 0);
  });
}

Bytes ack_line(std::uint32_t sequence) {
  return line_of([&](auto* frame) {
    const weir_ack ack{7, sequence};
    weir_put_ack(frame, &ack);
  });
}

/// A frame of this type with a body given byte by byte.
Bytes raw_line(weir_frame_type type, const Bytes& body) {
  return line_of([&](auto* frame) {
    weir_frame_begin(frame, type);
    weir_cbor_put_raw(&frame->body, body.data(), body.size());
  });
}

TEST(Frame, ReadingsComeBack) {
  Opened opened(readings_line());
  ASSERT_TRUE(opened.ok);
  ASSERT_EQ(opened.type, WEIR_READINGS);
  weir_readings head;
  ASSERT_TRUE(weir_read_readings(&opened.body, &head));
  EXPECT_EQ(head.boot, 0xB007U);
  EXPECT_EQ(head.first, 40U);
  EXPECT_EQ(head.oldest, 38U);
  EXPECT_EQ(head.dropped, 3U);
  ASSERT_EQ(head.count, 3U);
  weir_senml_base base{};
  weir_senml_record record;
  ASSERT_TRUE(weir_senml_next(&head.pack, &base, &record));
  EXPECT_EQ(view(record.name), "temperature");
  EXPECT_EQ(view(record.unit), "Cel");
  EXPECT_EQ(record.number, 21.5);
  EXPECT_EQ(record.time, 1795000000.25);
  ASSERT_TRUE(weir_senml_next(&head.pack, &base, &record));
  EXPECT_EQ(record.number, 0.1);
  EXPECT_EQ(record.time, 1795000000.375) << "the base time carries over";
  ASSERT_TRUE(weir_senml_next(&head.pack, &base, &record));
  EXPECT_EQ(record.kind, WEIR_SENML_BOOL);
  EXPECT_TRUE(record.boolean);
  EXPECT_TRUE(weir_cbor_at_end(&head.pack));
}

TEST(Frame, CommandAndResultComeBack) {
  const Bytes args{0xA1, 0x61, 'x', 0x18, 0x2A};
  Opened command(line_of([&](auto* frame) {
    const weir_command put{text("c-1"), text("set"), {args.data(), args.size()}, 2500};
    weir_put_command(frame, &put);
  }));
  weir_command got;
  ASSERT_TRUE(command.ok && weir_read_command(&command.body, &got));
  EXPECT_EQ(view(got.id), "c-1");
  EXPECT_EQ(view(got.name), "set");
  EXPECT_EQ(Bytes(got.args.data, got.args.data + got.args.size), args);
  EXPECT_EQ(got.ttl_ms, 2500U);

  Opened failed(line_of([](auto* frame) {
    const weir_result put{text("c-1"), false, {nullptr, 0}, text("no such relay")};
    weir_put_result(frame, &put);
  }));
  weir_result result;
  ASSERT_TRUE(failed.ok && weir_read_result(&failed.body, &result));
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(view(result.error), "no such relay");

  Opened acknowledged(line_of([](auto* frame) { weir_put_result_ack(frame, text("c-1")); }));
  weir_text id;
  ASSERT_TRUE(acknowledged.ok && weir_read_result_ack(&acknowledged.body, &id));
  EXPECT_EQ(view(id), "c-1");
}

TEST(Frame, TimeComesBackAndAnswersOrAsks) {
  for (const weir_time put : {weir_time{true, 1795000000.5, true}, weir_time{true, 0.0, false}, weir_time{false, 0.0, false}}) {
    Opened opened(line_of([&](auto* frame) { weir_put_time(frame, &put); }));
    weir_time got;
    ASSERT_TRUE(opened.ok && weir_read_time(&opened.body, &got));
    EXPECT_EQ(got.known, put.known);
    EXPECT_EQ(got.seconds, put.seconds);
    EXPECT_EQ(got.want_hello, put.want_hello);
  }
}

TEST(Frame, HelloDeclaresCommandsWithTheirArguments) {
  weir_argument mode{};
  mode.name = text("mode");
  mode.type = WEIR_ARGUMENT_ENUMERATION;
  mode.values[0] = text("eco");
  mode.values[1] = text("boost");
  mode.value_count = 2;
  mode.optional = true;
  weir_argument target{};
  target.name = text("target");
  target.has_min = target.has_max = true;
  target.max = 90;
  target.unit = text("Cel");
  const weir_argument args[] = {target, mode};
  weir_declaration set{};
  set.name = text("set");
  set.state_metric = text("target");
  set.args = args;
  set.arg_count = 2;
  weir_declaration reboot{};
  reboot.name = text("reboot");
  reboot.dangerous = true;
  const weir_declaration commands[] = {set, reboot};
  weir_hello put{};
  put.device = text("bench-1");
  put.firmware = text("weir-node");
  put.version = text("1.0");
  put.boot = 99;
  put.frame_bytes_max = 512;
  put.commands = commands;
  put.command_count = 2;

  Opened opened(line_of([&](auto* frame) { weir_put_hello(frame, &put); }));
  weir_hello got;
  ASSERT_TRUE(opened.ok && weir_read_hello(&opened.body, &got));
  EXPECT_EQ(view(got.device), "bench-1");
  EXPECT_EQ(view(got.firmware), "weir-node");
  EXPECT_EQ(view(got.version), "1.0");
  EXPECT_EQ(got.boot, 99U);
  EXPECT_EQ(got.frame_bytes_max, 512U);
  ASSERT_EQ(got.command_count, 2U);
  weir_declaration declaration;
  ASSERT_TRUE(weir_read_declaration(&got.command_reader, &declaration));
  EXPECT_EQ(view(declaration.state_metric), "target");
  ASSERT_EQ(declaration.arg_count, 2U);
  weir_argument argument;
  ASSERT_TRUE(weir_read_argument(&declaration.arg_reader, &argument));
  EXPECT_EQ(view(argument.name), "target");
  EXPECT_TRUE(argument.has_min && argument.has_max && !argument.optional);
  EXPECT_EQ(argument.max, 90.0);
  EXPECT_EQ(view(argument.unit), "Cel");
  ASSERT_TRUE(weir_read_argument(&declaration.arg_reader, &argument));
  EXPECT_EQ(argument.type, WEIR_ARGUMENT_ENUMERATION);
  ASSERT_EQ(argument.value_count, 2U);
  EXPECT_EQ(view(argument.values[1]), "boost");
  EXPECT_TRUE(argument.optional);
  ASSERT_TRUE(weir_read_declaration(&got.command_reader, &declaration));
  EXPECT_EQ(view(declaration.name), "reboot");
  EXPECT_TRUE(declaration.dangerous);
}

TEST(Frame, EveryCutIsRejectedAndTheNextFrameIsTaken) {
  const Bytes line = readings_line();
  const Bytes next = ack_line(5);
  for (std::size_t size = 1; size + 1 < line.size(); ++size) {
    const Bytes cut = Bytes(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(size)) + Bytes{0};
    ASSERT_EQ(frames_in(cut + next), frames_in(next)) << size;
    const Bytes tail(line.begin() + static_cast<std::ptrdiff_t>(size), line.end());
    ASSERT_EQ(frames_in(tail + next), frames_in(next)) << size;
  }
}

TEST(Frame, EverySingleBitFlipIsRejectedAndCostsAtMostTheNextFrame) {
  const Bytes line = readings_line();
  const Bytes second = ack_line(5);
  const Bytes third = ack_line(6);
  for (std::size_t bit = 0; bit < line.size() * 8; ++bit) {
    Bytes flipped = line;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ 1U << bit % 8);
    const bool delimiter = bit / 8 == line.size() - 1;
    const Bytes whole = delimiter ? third : second + third;
    ASSERT_EQ(frames_in(flipped + second + third), frames_in(whole)) << "bit " << bit;
  }
}

TEST(Frame, EveryByteThatIsLostIsNoticed) {
  const Bytes line = readings_line();
  for (std::size_t at = 0; at + 1 < line.size(); ++at) {
    Bytes shorter = line;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(at));
    ASSERT_TRUE(frames_in(shorter).empty()) << at;
  }
}

TEST(Frame, EveryCutBodyIsRejectedWhateverItsCrcSays) {
  Opened opened(readings_line());
  const Bytes body(opened.body.next, opened.body.end);
  for (std::size_t size = 1; size < body.size(); ++size) {
    Opened cut(raw_line(WEIR_READINGS, Bytes(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size))));
    weir_readings head;
    ASSERT_TRUE(cut.ok);
    EXPECT_FALSE(weir_read_readings(&cut.body, &head)) << size;
  }
}

TEST(Frame, MessageThatDoesNotFitIsNotEncoded) {
  const std::string name(WEIR_FRAME_BYTES_MAX, 'n');
  EXPECT_TRUE(line_of([&](auto* frame) { weir_put_result_ack(frame, text(name)); }).empty());
  const std::string fits(WEIR_FRAME_BYTES_MAX - WEIR_FRAME_OVERHEAD_BYTES - 5, 'n');
  EXPECT_EQ(frames_in(line_of([&](auto* frame) { weir_put_result_ack(frame, text(fits)); })).at(0).size(), WEIR_FRAME_BYTES_MAX);
}

TEST(Frame, OtherVersionsAndTypesAreToldApart) {
  const auto status_of = [](std::uint8_t first) {
    Bytes frame{first, 0xA0};
    const auto crc = weir_crc32c(frame.data(), frame.size());
    for (unsigned i = 0; i < 4; ++i) frame.push_back(static_cast<std::uint8_t>(crc >> 8U * i));
    weir_frame_type type{};
    weir_cbor_reader body{};
    return weir_frame_open(frame.data(), frame.size(), &type, &body);
  };
  EXPECT_EQ(status_of(0x17), WEIR_FRAME_OK);
  EXPECT_EQ(status_of(0x27), WEIR_FRAME_OTHER_VERSION);
  EXPECT_EQ(status_of(0x10), WEIR_FRAME_UNKNOWN_TYPE);
  EXPECT_EQ(status_of(0x18), WEIR_FRAME_UNKNOWN_TYPE);
}

TEST(Frame, UnknownMembersAreSkippedRepeatedAndMissingOnesAreFaults) {
  weir_ack ack;
  Opened more(raw_line(WEIR_ACK, {0xA4, 0x01, 0x05, 0x18, 0x63, 0x81, 0x00, 0x02, 0x06, 0x20, 0xF6}));
  ASSERT_TRUE(weir_read_ack(&more.body, &ack));
  EXPECT_EQ(ack.sequence, 6U);
  Opened repeated(raw_line(WEIR_ACK, {0xA3, 0x01, 0x05, 0x01, 0x05, 0x02, 0x06}));
  EXPECT_FALSE(weir_read_ack(&repeated.body, &ack));
  Opened missing(raw_line(WEIR_ACK, {0xA1, 0x01, 0x05}));
  EXPECT_FALSE(weir_read_ack(&missing.body, &ack));
  Opened trailing(raw_line(WEIR_ACK, {0xA2, 0x01, 0x05, 0x02, 0x06, 0x00}));
  EXPECT_FALSE(weir_read_ack(&trailing.body, &ack));
}

TEST(Frame, ReadingsWhoseNumbersWouldWrapAreRefused) {
  const auto accepted = [](std::uint32_t first, std::uint32_t oldest, std::uint32_t dropped) {
    Opened opened(line_of([&](auto* frame) {
      weir_readings head{};
      head.first = first;
      head.oldest = oldest;
      head.dropped = dropped;
      head.count = 2;
      weir_put_readings(frame, &head);
      for (int i = 0; i < 2; ++i) weir_cbor_put_map(&frame->body, 0);
    }));
    weir_readings head;
    return opened.ok && weir_read_readings(&opened.body, &head);
  };
  EXPECT_TRUE(accepted(0xFFFFFFFE, 10, 10));
  EXPECT_FALSE(accepted(0xFFFFFFFF, 10, 10));
  EXPECT_FALSE(accepted(10, 11, 0));
  EXPECT_FALSE(accepted(10, 5, 6));
}

TEST(Senml, ValueThatIsNoReadingKeepsItsPlace) {
  Bytes pack{0xA2, 0x00, 0x61, 'a', 0x02, 0xF9, 0x7E, 0x00,         // NaN
             0xA2, 0x00, 0x61, 'b', 0x08, 0x61, 'x',                // data value
             0xA3, 0x00, 0x61, 'c', 0x02, 0x18, 0x2A, 0x06, 0x20};  // 42, a second ago
  weir_cbor_reader reader;
  weir_cbor_reader_init(&reader, pack.data(), pack.size());
  weir_senml_base base{};
  weir_senml_record record;
  ASSERT_TRUE(weir_senml_next(&reader, &base, &record));
  EXPECT_EQ(record.kind, WEIR_SENML_NONE);
  ASSERT_TRUE(weir_senml_next(&reader, &base, &record));
  EXPECT_EQ(record.kind, WEIR_SENML_NONE);
  ASSERT_TRUE(weir_senml_next(&reader, &base, &record));
  EXPECT_TRUE(record.whole);
  EXPECT_EQ(record.integer, 42);
  EXPECT_EQ(record.time, -1.0);
}

TEST(Senml, BaseFieldsCarryOver) {
  const Bytes pack{0xA5, 0x21, 0x62, 'm',  '/',  0x23, 0x61, 'V', 0x24, 0x01, 0x00,
                   0x61, 'a',  0x02, 0x02, 0xA2, 0x00, 0x61, 'b', 0x02, 0x03};
  weir_cbor_reader reader;
  weir_cbor_reader_init(&reader, pack.data(), pack.size());
  weir_senml_base base{};
  weir_senml_record record;
  ASSERT_TRUE(weir_senml_next(&reader, &base, &record));
  ASSERT_TRUE(weir_senml_next(&reader, &base, &record));
  EXPECT_EQ(view(record.base_name), "m/");
  EXPECT_EQ(view(record.name), "b");
  EXPECT_EQ(view(record.unit), "V");
  EXPECT_EQ(record.number, 4.0);
}

TEST(Senml, TimesKeepTheirMilliseconds) {
  for (const double seconds : {0.001, -0.1, 8191.999, -8191.999, 8192.001, 200000.001}) {
    Bytes bytes(64);
    weir_cbor_writer writer;
    weir_cbor_writer_init(&writer, bytes.data(), bytes.size());
    const auto put = number("a", 1, seconds);
    weir_senml_put(&writer, &put, 0);
    weir_cbor_reader reader;
    weir_cbor_reader_init(&reader, bytes.data(), writer.size);
    weir_senml_base base{};
    weir_senml_record record;
    ASSERT_TRUE(weir_senml_next(&reader, &base, &record));
    EXPECT_EQ(std::llround(record.time * 1000), std::llround(seconds * 1000));
  }
}

TEST(Senml, TimesThatAreNoTimesAndLaterVersionsFail) {
  for (const Bytes& pack : {Bytes{0xA1, 0x06, 0xF9, 0x7C, 0x00}, Bytes{0xA1, 0x20, 0x0B}, Bytes{0xA1, 0x00, 0x05}, Bytes{0x80}}) {
    weir_cbor_reader reader;
    weir_cbor_reader_init(&reader, pack.data(), pack.size());
    weir_senml_base base{};
    weir_senml_record record;
    EXPECT_FALSE(weir_senml_next(&reader, &base, &record));
    EXPECT_TRUE(reader.failed);
  }
}

}  // namespace
}  // namespace weir::test
