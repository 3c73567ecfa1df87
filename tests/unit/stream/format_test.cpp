#include "stream/format.h"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "stream/encoded.h"
#include "support/fake_log.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const Timestamp noon = from_nanoseconds(1'795'262'400'500'000'000);  // 2026-11-21T12:00:00.5Z

struct Fixture {
  FakeLog log;
  Record reading(Value value, std::string_view unit = "") {
    log.add_reading("boiler", "temperature", std::move(value), noon, unit);
    return log.held().back();
  }
};

std::string as_json(const Record& record, Marks marks = {}) {
  std::string out;
  append_json(out, record, marks);
  return out;
}

std::string as_cbor(const Record& record, Marks marks = {}) {
  std::string out = "x";  // appends: what is there stays
  append_cbor(out, record, marks);
  EXPECT_EQ(out[0], 'x');
  return out.substr(1);
}

/// Both formats say the same.
void expect_same(const Record& record, Marks marks = {}) {
  const auto from_text = parse_json(as_json(record, marks));
  const auto from_bytes = parse_cbor(as_cbor(record, marks));
  ASSERT_TRUE(from_text.ok()) << as_json(record, marks);
  ASSERT_TRUE(from_bytes.ok()) << from_bytes.error().message;
  EXPECT_EQ(*from_text, *from_bytes);
}

TEST(Format, AReadingHasExactlyItsMembers) {
  Fixture f;
  EXPECT_EQ(
      as_json(f.reading(21.5, "Cel")),
      R"({"seq":1,"kind":"reading","time":"2026-11-21T12:00:00.5Z","device":"boiler","metric":"temperature","value":21.5,"unit":"Cel"})");
  EXPECT_EQ(
      as_json(f.reading(true)),
      R"({"seq":2,"kind":"reading","time":"2026-11-21T12:00:00.5Z","device":"boiler","metric":"temperature","value":true})");
}

TEST(Format, RareMembersComeOnlyWhenTheySaySomething) {
  Fixture f;
  Record record = f.reading(1.0);
  record.quality = Quality::uncertain;
  record.clock_unsynchronised = true;
  record.received = noon + 1s + 1ns;
  EXPECT_EQ(
      as_json(record, {.backlog = true, .merged = 7}),
      R"({"seq":1,"kind":"reading","time":"2026-11-21T12:00:00.5Z","device":"boiler","metric":"temperature","value":1,)"
      R"("quality":"uncertain","received":"2026-11-21T12:00:01.500000001Z","clock":"unsynchronised","backlog":true,"merged":7})");
  expect_same(record, {.backlog = true, .merged = 7});
}

TEST(Format, ReceivedIsThereBeyondOneSecondEitherWay) {
  Fixture f;
  Record record = f.reading(1.0);
  const auto shown = [&record](Timestamp time, Timestamp received) {
    record.time = time;
    record.received = received;
    return as_json(record).find("received") != std::string::npos;
  };
  EXPECT_FALSE(shown(noon, noon + 1s));
  EXPECT_TRUE(shown(noon, noon + 1s + 1ns));
  EXPECT_FALSE(shown(noon, noon - 1s));
  EXPECT_TRUE(shown(noon, noon - 1s - 1ns));
  EXPECT_TRUE(shown(Timestamp::min(), Timestamp::max()));
  EXPECT_TRUE(shown(Timestamp::max(), Timestamp::min()));
}

TEST(Format, ValuesKeepTheirTypeAndEveryDigit) {
  Fixture f;
  const auto value = [&f](Value v) { return json::parse(as_json(f.reading(std::move(v)))).at("value").dump(); };
  EXPECT_EQ(value(std::int64_t{9'007'199'254'740'993}), "9007199254740993");
  EXPECT_EQ(value(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(value(0.1), "0.1");
  EXPECT_EQ(value(-0.25), "-0.25");
  EXPECT_EQ(value(false), "false");
  EXPECT_EQ(value(std::string("a \"quoted\"\nline \x01 \xC3\xA4")), R"("a \"quoted\"\nline \u0001 )"
                                                                    "\xC3\xA4\"");
}

TEST(Format, CborSaysTheSameAsJson) {
  Fixture f;
  for (Value value : {Value(21.5), Value(1e300), Value(0.1), Value(std::int64_t{-1}), Value(std::int64_t{1} << 60), Value(true),
                      Value(std::string(4096, 'x')), Value(std::string())}) {
    expect_same(f.reading(value, "Cel"));
    expect_same(f.reading(value));
  }
}

TEST(Format, EventsCarryTheirMembersInBothFormats) {
  Fixture f;
  f.log.add_event(Kind::command,
                  {"boiler", "", R"("id":"c1","device":"boiler","args":{"target":21.5,"list":[1,null,true]},"state":"sent")"});
  f.log.add_event(Kind::system, {"", "", R"("event":"started")"});
  f.log.add_event(Kind::system, {"", "", ""});
  const auto held = f.log.held();
  EXPECT_EQ(as_json(held[1]), R"({"seq":2,"kind":"system","time":"2023-11-14T22:13:20.002Z","event":"started"})");
  EXPECT_EQ(as_json(held[2]), R"({"seq":3,"kind":"system","time":"2023-11-14T22:13:20.003Z"})");
  for (const auto& record : held) expect_same(record);
}

TEST(Format, CborIsADefiniteMapWithSeqKindTimeFirst) {
  Fixture f;
  const std::string bytes = as_cbor(f.reading(std::int64_t{1}));
  EXPECT_EQ(static_cast<unsigned char>(bytes[0]), 0xA6);  // a map of six pairs
  EXPECT_EQ(bytes.substr(1, 6), "\x63seq\x01\x64");
}

TEST(Format, AGapNamesWhatIsLost) {
  const Gap gap{{0x5f3a9c01, 2}, {0x5f3a9c01, 5}, 3, "expired"};
  std::string text, bytes;
  append(text, Format::json, gap);
  append(bytes, Format::cbor, gap);
  EXPECT_EQ(text, R"({"kind":"gap","from":"5f3a9c01-2","to":"5f3a9c01-5","lost":3,"reason":"expired"})");
  EXPECT_EQ(*parse_json(text), *parse_cbor(bytes));
}

TEST(Encoded, EncodesARecordOnceInEachFormat) {
  Fixture f;
  f.log.begin();
  for (int i = 0; i < 5; ++i) f.log.add_reading("boiler", "temperature", static_cast<double>(i));
  f.log.commit();
  std::vector<BlockPtr> blocks;
  ASSERT_EQ(f.log.read_tail(0, 100, blocks), Log::TailRead::ok);
  EncodedBlocks encoded;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 5; i-- > 0;) {
      EXPECT_EQ(encoded.of(blocks[0], Format::json).text(i), as_json(blocks[0]->records[i]));
      EXPECT_EQ(encoded.of(blocks[0], Format::cbor).text(i), as_cbor(blocks[0]->records[i]));
    }
  }
  EXPECT_EQ(encoded.encoded(), 10U);
}

TEST(Encoded, LetsTheOldestBlocksGoAtItsLimit) {
  Fixture f;
  EncodedBlocks encoded(20'000);
  std::weak_ptr<const Block> first;
  for (int i = 0; i < 1000; ++i) {
    auto block = std::make_shared<Block>();
    block->records.push_back(f.reading(static_cast<double>(i)));
    const BlockPtr shared = block;
    if (i == 0) first = shared;
    EXPECT_EQ(encoded.of(shared, Format::json).text(0), as_json(shared->records[0]));
    EXPECT_LE(encoded.bytes(), 20'000U + 1000U);
  }
  EXPECT_TRUE(first.expired());
  EXPECT_GT(encoded.released(), 800U);
}

TEST(Encoded, KeepsABlockThatIsLargerThanItsLimit) {
  Fixture f;
  auto block = std::make_shared<Block>();
  for (int i = 0; i < 100; ++i) block->records.push_back(f.reading(static_cast<double>(i)));
  EncodedBlocks encoded(10);
  EncodedBlock& texts = encoded.of(block, Format::json);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(texts.text(i), as_json(block->records[i]));
  EXPECT_GT(encoded.bytes(), 10U);
}

}  // namespace
}  // namespace weir::gateway
