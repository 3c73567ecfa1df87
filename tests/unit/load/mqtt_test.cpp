#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "load/mqtt.h"

namespace weir::bench::mqtt {
namespace {

using namespace std::string_view_literals;

TEST(Packet, ThatIsPublishedIsFoundAgainInEachLengthOfItsLength) {
  for (const std::size_t size : {0U, 120U, 121U, 122U, 16'377U, 16'378U, 2'097'146U}) {
    const std::string payload(size, 'p');
    const auto bytes = publish(payload);
    EXPECT_FALSE(parse(std::string_view(bytes).substr(0, bytes.size() - 1))) << size;
    const auto more = bytes + "next";
    const auto packet = parse(more);
    ASSERT_TRUE(packet) << size;
    EXPECT_EQ(packet->size, bytes.size());
    EXPECT_EQ(packet->type, Type::publish);
    EXPECT_EQ(packet->payload, payload);
  }
  EXPECT_FALSE(parse(""));
  EXPECT_FALSE(parse("\x30"));
}

TEST(Packet, ThatIsNoneIsAnError) {
  EXPECT_THROW(parse("\x30\xFF\xFF\xFF\xFF\x01"sv), std::runtime_error);
  EXPECT_THROW(parse("\x30\x01x"sv), std::runtime_error);
  EXPECT_THROW(parse("\x30\x03\0\x09x"sv), std::runtime_error);
}

TEST(Packet, OfAClientIsWhatTheStandardSays) {
  EXPECT_EQ(connect("me"), "\x10\x0E\0\x04MQTT\x04\x02\0\0\0\x02me"sv);
  EXPECT_EQ(subscribe(), "\x82\x09\0\x01\0\x04load\0"sv);
}

TEST(Packet, WithANoIsNotTakenForAYes) {
  EXPECT_TRUE(accepted(*parse("\x20\x02\0\0"sv)));
  EXPECT_FALSE(accepted(*parse("\x20\x02\0\x05"sv)));
  EXPECT_TRUE(accepted(*parse("\x90\x03\0\x01\0"sv)));
  EXPECT_FALSE(accepted(*parse("\x90\x03\0\x01\x80"sv)));
  EXPECT_FALSE(accepted(*parse("\x30\x03\0\x01x"sv)));
}

}  // namespace
}  // namespace weir::bench::mqtt
