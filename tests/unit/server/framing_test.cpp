#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/handlers/metrics_text.h"
#include "server/loop/deadlines.h"
#include "server/transports/sse.h"
#include "server/transports/websocket_message.h"

namespace weir::gateway {
namespace {

TEST(SseEvent, HasIdEventAndDataAndEndsWithAnEmptyLine) {
  std::string out;
  append_sse_event(out, "reading", {0x5f3a9c01, 7}, R"({"seq":7})");
  EXPECT_EQ(out, "id: 5f3a9c01-7\nevent: reading\ndata: {\"seq\":7}\n\n");
}

TEST(WebSocketFrame, LengthTakesOneTwoOrEightBytes) {
  const auto head = [](std::size_t size) {
    std::string out;
    append_frame(out, Format::json, std::string(size, 'x'));
    return out.substr(0, out.size() - size);
  };
  EXPECT_EQ(head(125), std::string("\x81\x7d"));
  EXPECT_EQ(head(126), std::string("\x81\x7e\x00\x7e", 4));
  EXPECT_EQ(head(65535), std::string("\x81\x7e\xff\xff", 4));
  EXPECT_EQ(head(65536), std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
  std::string binary;
  append_frame(binary, Format::cbor, "x");
  EXPECT_EQ(binary, "\x82\x01x");
}

TEST(RecordsMessage, IsTheSameInJsonAndInCbor) {
  const nlohmann::json first = {{"seq", 1}}, second = {{"seq", 2}};
  for (const Format format : {Format::json, Format::cbor}) {
    std::string records;
    append_record(records, format, encode_message(format, first), 0);
    append_record(records, format, encode_message(format, second), 1);
    const auto message = parse_message(format, records_message(format, "a\"b", {0x5f3a9c01, 2}, records, 2));
    ASSERT_TRUE(message.ok()) << message.error().message;
    EXPECT_EQ(*message,
              nlohmann::json({{"op", "records"}, {"id", "a\"b"}, {"cursor", "5f3a9c01-2"}, {"records", {first, second}}}));
  }
}

TEST(RecordsMessage, CountsManyRecordsInCbor) {
  for (const std::size_t count : {23U, 24U, 255U, 256U, 70'000U}) {
    std::string records;
    for (std::size_t i = 0; i < count; ++i) append_record(records, Format::cbor, encode_message(Format::cbor, i), i);
    const auto message = nlohmann::json::from_cbor(records_message(Format::cbor, "", {1, 1}, records, count));
    EXPECT_EQ(message["records"].size(), count);
  }
}

TEST(Deadlines, ComeInOrderOfTime) {
  Deadlines deadlines;
  const Monotonic start{};
  deadlines.push(start + std::chrono::seconds(3), 3);
  deadlines.push(start + std::chrono::seconds(1), 1);
  EXPECT_EQ(*deadlines.next(), start + std::chrono::seconds(1));
  EXPECT_EQ(deadlines.pop_due(start + std::chrono::seconds(2))->second, 1U);
  EXPECT_FALSE(deadlines.pop_due(start + std::chrono::seconds(2)));
}

TEST(MetricsText, HasHelpTypeAndEscapedLabels) {
  MetricsText out;
  out.gauge("weir_x", "What it is.");
  out.value(std::uint64_t{1}, {{"name", "a\"b\\c\n"}});
  EXPECT_EQ(out.take(), "# HELP weir_x What it is.\n# TYPE weir_x gauge\nweir_x{name=\"a\\\"b\\\\c\\n\"} 1\n");
}

}  // namespace
}  // namespace weir::gateway
