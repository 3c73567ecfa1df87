#include "config/text_checks.h"

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

TEST(Size, ReadsDecimalAndBinaryUnits) {
  EXPECT_EQ(*parse_size("512MB"), 512'000'000U);
  EXPECT_EQ(*parse_size("512MiB"), std::uint64_t{512} << 20U);
  EXPECT_EQ(*parse_size("1kB"), 1000U);
  EXPECT_EQ(*parse_size("1KiB"), 1024U);
  EXPECT_EQ(*parse_size("7B"), 7U);
  EXPECT_EQ(*parse_size("0"), 0U);
}

TEST(Size, RefusesEverythingElse) {
  for (const char* text :
       {"", "1", "MB", "-1MB", "1.5MB", "1 MB", "1mb", "1Mb", "1KB", "20000000TiB", "99999999999999999999B", "1MBx"}) {
    EXPECT_FALSE(parse_size(text).ok()) << text;
  }
}

TEST(Size, FormatReadsBack) {
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1000ULL, 1024ULL, 1'000'000ULL, 512ULL << 20U, 123'456'789ULL, 3ULL << 40U}) {
    EXPECT_EQ(*parse_size(format_size(bytes)), bytes) << format_size(bytes);
  }
  EXPECT_EQ(format_size(512'000'000), "512MB");
  EXPECT_EQ(format_size(std::uint64_t{512} << 20U), "512MiB");
}

TEST(ListenAddressText, ReadsBack) {
  for (const char* text : {"127.0.0.1:8080", "0.0.0.0:0", "[::1]:65535", "[::]:80"})
    EXPECT_EQ(to_string(*parse_listen(text)), text);
}

TEST(ListenAddressText, LoopbackIsKnown) {
  EXPECT_TRUE(parse_listen("127.0.0.1:1")->loopback());
  EXPECT_TRUE(parse_listen("127.8.8.8:1")->loopback());
  EXPECT_TRUE(parse_listen("[::1]:1")->loopback());
  EXPECT_FALSE(parse_listen("0.0.0.0:1")->loopback());
  EXPECT_FALSE(parse_listen("[::]:1")->loopback());
  EXPECT_FALSE(parse_listen("128.0.0.1:1")->loopback());
}

TEST(TopicFilter, FollowsTheRulesOfMqtt) {
  for (const char* good : {"a", "/", "a/b", "+", "#", "a/+/b", "a/#", "+/+/#", "$share/group/a/+", "a//b"})
    EXPECT_FALSE(check_filter(good)) << good;
  for (const char* bad : {"", "a+", "a/b#", "#/a", "a/#/b", "a/+b", "\xFF"}) EXPECT_TRUE(check_filter(bad)) << bad;
  EXPECT_TRUE(check_filter(std::string("a\0b", 3)));
  EXPECT_TRUE(check_filter(std::string(65'536, 'a')));
}

TEST(TopicFilter, WildcardsAreCountedByLevel) {
  EXPECT_EQ(wildcards("a/b"), 0U);
  EXPECT_EQ(wildcards("+/a/+/#"), 3U);
}

TEST(Pointer, FollowsRfc6901) {
  for (const char* good : {"/", "/a", "/a/0", "/a~0b~1c", "/a b"}) EXPECT_FALSE(check_pointer(good)) << good;
  for (const char* bad : {"", "a", "/~", "/a~2", "/~0~"}) EXPECT_TRUE(check_pointer(bad)) << bad;
}

TEST(NameTemplate, HoldsNumbersInBracesOnly) {
  for (const char* good : {"a", "{1}", "x-{2}-{10}", "/id", "/a{b"}) EXPECT_FALSE(check_template(good)) << good;
  for (const char* bad : {"", "{0}", "{a}", "{", "}", "{}", "{1", "{-1}", "{99999999999}", "a\nb"})
    EXPECT_TRUE(check_template(bad)) << bad;
  EXPECT_EQ(placeholders("x-{2}-{10}"), (std::vector<unsigned>{2, 10}));
  EXPECT_TRUE(placeholders("/a/{1}").empty());
}

TEST(MqttUrl, IsASchemeAHostAndAPort) {
  for (const char* good : {"mqtt://broker", "mqtt://127.0.0.1:1883", "mqtts://[::1]:8883", "mqtt://my-broker.local:1"})
    EXPECT_FALSE(check_mqtt_url(good)) << good;
  for (const char* bad : {"", "mqtt://", "mqtt://:1883", "mqtt://a:0", "mqtt://a:65536", "mqtt://a/b", "mqtt://u@a", "http://a",
                          "mqtt://a b", "mqtt://[::1"}) {
    EXPECT_TRUE(check_mqtt_url(bad)) << bad;
  }
}

TEST(Nearest, FindsWhatWasMeantAndNothingFarFetched) {
  const std::vector<std::string_view> keys = {"listen", "tls", "insecure", "origins"};
  EXPECT_EQ(nearest("listne", keys), "listen");
  EXPECT_EQ(nearest("lsiten", keys), "listen");
  EXPECT_EQ(nearest("tsl", keys), "tls");
  EXPECT_EQ(nearest("origin", keys), "origins");
  EXPECT_EQ(nearest("zebra", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), keys), "");
}

}  // namespace
}  // namespace weir::gateway
