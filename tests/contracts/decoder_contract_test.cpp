// What every decoder promises, run over every name of the one table. A new format is in it by itself.
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/text.h"
#include "decoders/decoder.h"

namespace weir::firmware {
namespace {

Mapping mapping_for(const std::string& name) {
  Mapping mapping;
  mapping.decode = name;
  mapping.device = "device";
  if (name == "value") mapping.metric = "metric";
  if (name == "csv") mapping.columns = {"time", "a", "-", "b"};
  return mapping;
}

class DecoderContract : public testing::TestWithParam<std::string> {
 protected:
  Decoded decode(std::string_view payload) const {
    Decoded out;
    decoder->decode(payload, mapping.device, mapping.metric, out);
    return out;
  }

  const Mapping mapping = mapping_for(GetParam());
  const std::unique_ptr<Decoder> decoder = std::move(make_decoder(mapping)).value();
};

bool same(const Reading& a, const Reading& b) {
  return a.device == b.device && a.metric == b.metric && a.value == b.value && a.unit == b.unit && a.quality == b.quality &&
         a.time == b.time && a.clock_unsynchronised == b.clock_unsynchronised;
}

void expect_same(const Decoded& a, const Decoded& b) {
  ASSERT_EQ(a.readings.size(), b.readings.size());
  ASSERT_EQ(a.rejected.size(), b.rejected.size());
  for (std::size_t i = 0; i < a.readings.size(); ++i) EXPECT_TRUE(same(a.readings[i], b.readings[i]));
  for (std::size_t i = 0; i < a.rejected.size(); ++i) EXPECT_EQ(a.rejected[i].detail, b.rejected[i].detail);
}

void expect_within_limits(const Decoded& decoded) {
  EXPECT_LE(decoded.readings.size() + decoded.rejected.size(), limits::readings_per_message_max + 1);
  for (const auto& reading : decoded.readings) {
    const auto checked = check_reading(reading);
    EXPECT_TRUE(checked) << checked.error().message;
  }
  for (const auto& rejected : decoded.rejected) {
    EXPECT_FALSE(rejected.detail.empty());
    EXPECT_LE(rejected.detail.size(), 512U);
    EXPECT_TRUE(is_utf8(rejected.detail));
    EXPECT_TRUE(rejected.device.empty() || is_name(rejected.device));
    EXPECT_TRUE(rejected.metric.empty() || is_name(rejected.metric));
  }
}

/// Payloads that are good for one format or another, and so are nearly good for the rest.
const std::vector<std::string>& seeds() {
  static const std::vector<std::string> all = {
      "21.5",
      "\"text\"",
      R"({"a":1,"b":{"c":[true,"x",null]},"time":1700000000})",
      R"([{"a":1},{"a":-2.5e3,"ts":"2026-11-21T10:11:12Z"}])",
      "2026-11-21T10:11:12Z,21.5,x,\"a \"\"quoted\"\" text\"\n1700000000,1,,2\n",
      "a=1 b=\"x \\\" y\",c: 2.5;time=2026-11-21T10:11:12Z\n",
  };
  return all;
}

std::string mutated(std::mt19937& random) {
  auto text = seeds()[random() % seeds().size()];
  for (auto changes = random() % 8; changes > 0; --changes) {
    const auto at = random() % (text.size() + 1);
    switch (random() % 4) {
      case 0: text.insert(at, 1, static_cast<char>(random())); break;
      case 1: text.erase(at, random() % 4); break;
      case 2: text.insert(at, text.substr(random() % (text.size() + 1), random() % 16)); break;
      default: text.insert(at, 1, "\"{}[],:=\\\n\0"[random() % 11]); break;
    }
  }
  return text;
}

TEST_P(DecoderContract, ArbitraryBytesAreReadingsOrRejectionsWithinLimits) {
  std::mt19937 random(17);
  for (int i = 0; i < 3'000; ++i) {
    SCOPED_TRACE("seed 17, payload " + std::to_string(i));
    std::string payload(random() % 64, '\0');
    for (auto& byte : payload) byte = static_cast<char>(random());
    expect_within_limits(decode(payload));
    expect_within_limits(decode(mutated(random)));
  }
}

TEST_P(DecoderContract, NothingVanishesWithoutAWord) {
  std::mt19937 random(18);
  for (int i = 0; i < 3'000; ++i) {
    const auto payload = mutated(random);
    const auto decoded = decode(payload);
    if (GetParam() == "csv" && decoded.readings.empty()) continue;  // a line that is a heading says nothing
    EXPECT_GT(decoded.readings.size() + decoded.rejected.size(), 0U) << testing::PrintToString(payload);
  }
}

TEST_P(DecoderContract, TheSameBytesGiveTheSameReadings) {
  std::mt19937 random(19);
  const auto other = std::move(make_decoder(mapping)).value();
  for (int i = 0; i < 500; ++i) {
    const auto payload = mutated(random);
    Decoded again;
    other->decode(payload, mapping.device, mapping.metric, again);
    expect_same(decode(payload), again);
  }
}

TEST_P(DecoderContract, WhatIsThereAlreadyStays) {
  for (const auto& seed : seeds()) {
    Decoded out;
    out.readings.resize(1);
    out.rejected.push_back({"before", {}, {}});
    decoder->decode(seed, mapping.device, mapping.metric, out);
    const auto alone = decode(seed);
    EXPECT_EQ(out.readings.size(), alone.readings.size() + 1);
    EXPECT_EQ(out.rejected.size(), alone.rejected.size() + 1);
    EXPECT_EQ(out.rejected.front().detail, "before");
  }
}

TEST_P(DecoderContract, HugeAndDeepPayloadsStayWithinLimits) {
  for (const auto* unit :
       {"[", "{\"a\":", "\"", "1", ",", "\n", "a=1 ", "=", ":", "a", " ", "[1,", "\xff", "\\", "{\"a\":1}\n", "1,2,3,4\n"}) {
    SCOPED_TRACE(unit);
    std::string payload;
    while (payload.size() < limits::payload_bytes_max) payload += unit;
    expect_within_limits(decode(payload));
  }
}

TEST_P(DecoderContract, NoDeviceOrABadOneIsARejection) {
  for (const auto& device : {std::string(), std::string("\xff"), std::string("a\nb"), std::string(100'000, 'd')}) {
    for (const auto& seed : seeds()) {
      Decoded out;
      decoder->decode(seed, device, mapping.metric, out);
      EXPECT_TRUE(out.readings.empty());
      expect_within_limits(out);
    }
  }
}

/// A payload of the format with one good value and one bad one; formats with one value have none.
std::string good_beside_bad(const std::string& format) {
  if (format == "json") return R"({"good":1,"bad":null})";
  if (format == "csv") return "2026-11-21T10:11:12Z,1,,NaN";
  if (format == "key-value") return "good=1 bad=nan";
  return {};
}

TEST_P(DecoderContract, AGoodValueBesideABadOneIsKept) {
  const auto payload = good_beside_bad(GetParam());
  if (payload.empty()) return;
  const auto decoded = decode(payload);
  ASSERT_EQ(decoded.readings.size(), 1U);
  EXPECT_EQ(decoded.readings.front().value, Value(std::int64_t{1}));
  EXPECT_EQ(decoded.rejected.size(), 1U);
}

std::vector<std::string> names() {
  const auto all = decoder_names();
  return {all.begin(), all.end()};
}

INSTANTIATE_TEST_SUITE_P(Every, DecoderContract, testing::ValuesIn(names()), [](const auto& test) {
  auto name = test.param;
  std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
  return name;
});

}  // namespace
}  // namespace weir::firmware
