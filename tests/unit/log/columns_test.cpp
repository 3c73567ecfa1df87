#include "log/columns.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "log/bit_stream.h"

namespace weir::gateway {
namespace {

using Integers = std::vector<std::int64_t>;
using Doubles = std::vector<double>;
using Values = std::vector<Value>;

constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto highest = std::numeric_limits<std::int64_t>::max();

std::string packed(const Integers& values) {
  std::string out;
  put_integers(out, values);
  return out;
}
std::string packed(const Doubles& values) {
  std::string out;
  put_doubles(out, values);
  return out;
}
std::string packed(const Values& values) {
  std::string out;
  put_values(out, values);
  return out;
}

Integers unpacked_integers(std::string_view bytes, std::size_t count, bool whole = true) {
  ByteReader in(bytes);
  Integers out;
  read_integers(in, count, out);
  EXPECT_TRUE(!whole || (in.ok() && in.at_end()));
  return out;
}

/// Bits, since -0.0 == 0.0 and NaN != NaN.
void expect_same(const Doubles& values) {
  const auto bytes = packed(values);
  ByteReader in(bytes);
  Doubles out;
  read_doubles(in, values.size(), out);
  ASSERT_TRUE(in.ok() && in.at_end());
  ASSERT_EQ(out.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(std::bit_cast<std::uint64_t>(out[i]), std::bit_cast<std::uint64_t>(values[i])) << i << ": " << values[i];
}

void expect_same(const Values& values) {
  const auto bytes = packed(values);
  ByteReader in(bytes);
  Values out;
  read_values(in, values.size(), out);
  ASSERT_TRUE(in.ok() && in.at_end());
  EXPECT_EQ(out, values);
}

void expect_same(const Integers& values) { EXPECT_EQ(unpacked_integers(packed(values), values.size()), values); }

Integers random_integers(std::mt19937_64& random, std::size_t count) {
  Integers out(count);
  const auto width = random() % 64;
  const auto step = static_cast<std::int64_t>(random() >> (random() % 64));
  const auto scale = random() % 3 == 0 ? 1'000'000 : 1;
  std::uint64_t line = random() % 2 == 0 ? 0 : static_cast<std::uint64_t>(step);
  for (std::size_t i = 0; i < count; ++i) {
    auto value = i * line + (random() >> (63 - width));
    if (random() % 50 == 0) value = random();
    out[i] = static_cast<std::int64_t>(value * static_cast<std::uint64_t>(scale));
  }
  return out;
}

TEST(Columns, IntegersComeBackWhateverTheyAre) {
  for (const auto& values : std::vector<Integers>{{},
                                                  {0},
                                                  {lowest},
                                                  {highest},
                                                  {lowest, highest},
                                                  {highest, lowest, highest, lowest, 0},
                                                  {lowest, lowest, lowest + 1},
                                                  {1'000'000'000'000'000, 2'000'000'000'000'000, -3'000'000'000'000'000, 0},
                                                  {0, 0, 0, 0, 10},
                                                  {-1, 1, -1, 1, -1, 1}})
    expect_same(values);
}

TEST(Columns, RandomIntegersComeBack) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) expect_same(random_integers(random, random() % 200 + 1));
}

TEST(Columns, AConstantAndALineTakeAFewBytesHoweverLong) {
  EXPECT_LE(packed(Integers(100'000, 7)).size(), 2U);
  Integers line;
  for (std::int64_t i = 0; i < 100'000; ++i) line.push_back(1'700'000'000'000'000'000 + i * 1'000'000'000);
  EXPECT_LE(packed(line).size(), 10U);
}

TEST(Columns, TimesInWholeMillisecondsCostNoDigitsBelowThem) {
  std::mt19937_64 random(1);
  Integers times;
  for (std::int64_t i = 0; i < 1000; ++i)
    times.push_back((1'700'000'000'000 + i * 1000 + std::int64_t(random() % 16)) * 1'000'000);
  EXPECT_LE(packed(times).size(), 1000U * 7 / 8);
  expect_same(times);
}

TEST(Columns, AFewOutliersCostNoMoreThanThemselves) {
  std::mt19937_64 random(1);
  Integers small, outliers;
  for (int i = 0; i < 1000; ++i) small.push_back(static_cast<std::int64_t>(random() % 8));
  outliers = small;
  for (std::size_t i = 0; i < 1000; i += 100) outliers[i] = static_cast<std::int64_t>(random());
  EXPECT_LE(packed(outliers).size(), packed(small).size() + 10 * 2 * 12);
  expect_same(outliers);
}

TEST(Columns, DecimalsTakeTheirDigitsOnly) {
  std::mt19937_64 random(1);
  Doubles values;
  auto now = std::int64_t{2150};
  for (int i = 0; i < 1000; ++i) values.push_back(static_cast<double>(now += static_cast<std::int64_t>(random() % 7) - 3) / 100);
  EXPECT_LE(packed(values).size(), 520U);
  expect_same(values);
  values[500] = 0.1 + 0.2;
  values[700] = -0.0;
  EXPECT_LE(packed(values).size(), 570U);
  expect_same(values);
}

TEST(Columns, DoublesComeBackBitForBit) {
  const auto infinity = std::numeric_limits<double>::infinity();
  expect_same(Doubles{-0.0, 0.0, 0.1 + 0.2, 1e300, -1e300, std::numeric_limits<double>::denorm_min(), 1.0 / 3, infinity,
                      -infinity, std::numeric_limits<double>::quiet_NaN(), 9007199254740993.0, -9007199254740991.0, 1e17,
                      123456789.123456789, 74.93588199999998, std::numeric_limits<double>::max()});
  expect_same(Doubles{std::numeric_limits<double>::signaling_NaN()});
  expect_same(Doubles(100, -0.0));
  expect_same(Doubles{21.5});
}

TEST(Columns, RandomDoublesOfEveryKindComeBack) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 2000; ++round) {
    Doubles values(random() % 200 + 1);
    const auto digits = static_cast<double>(random() % 12);
    const auto kind = random() % 3;
    for (auto& value : values) {
      const auto integer = static_cast<double>(static_cast<std::int64_t>(random() % 100'000) - 50'000);
      value = kind == 0   ? std::bit_cast<double>(random())
              : kind == 1 ? static_cast<float>(integer / 7)
                          : integer / std::pow(10, digits);
      if (random() % 30 == 0) value = std::bit_cast<double>(random());
    }
    expect_same(values);
  }
}

TEST(Columns, DoublesThatAreNoDecimalsTakeHardlyMoreThanTheirBits) {
  std::mt19937_64 random(3);
  Doubles values(1000);
  for (auto& value : values) value = std::bit_cast<double>(random());
  EXPECT_LE(packed(values).size(), 1000U * 8 + 300);
  for (auto& value : values) value = static_cast<float>(20 + static_cast<double>(random() % 1'000'000) / 1e6 / 3);
  EXPECT_LE(packed(values).size(), 1000U * 5);
}

TEST(Columns, ValuesOfEachTypeAndMixedOnesComeBack) {
  expect_same(Values{});
  expect_same(Values{true});
  expect_same(Values{std::string()});
  expect_same(
      Values{1.5, std::int64_t{2}, false, std::string("open\0!", 6), lowest, highest, -0.25, true, std::string("open\0!", 6)});
  expect_same(Values{std::string("a"), std::string("b"), std::string("a")});
  expect_same(Values{false, false, true});
}

TEST(Columns, RandomMixedValuesComeBack) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 1000; ++round) {
    Values values(random() % 100 + 1);
    const auto types = random() % 4 + 1, texts = random() % 30 + 1;
    for (auto& value : values) {
      switch (random() % types) {
        case 0: value = std::to_string(random() % texts); break;
        case 1: value = random() % 2 == 0; break;
        case 2: value = static_cast<std::int64_t>(random()); break;
        default: value = static_cast<double>(random() % 1000) / 10;
      }
    }
    expect_same(values);
  }
}

TEST(Columns, AStateThatSeldomChangesTakesHardlyAnything) {
  Values flags, texts;
  for (int i = 0; i < 1000; ++i) flags.emplace_back(i / 250 % 2 == 0), texts.emplace_back(i < 400 ? "heating" : "idle");
  EXPECT_LE(packed(flags).size(), 12U);
  EXPECT_LE(packed(texts).size(), 150U);
}

TEST(Columns, ManyDifferentTextsAreFoundByHash) {
  Values texts;
  for (int i = 0; i < 20'000; ++i) texts.emplace_back("event " + std::to_string(i % 5000));
  expect_same(texts);
}

TEST(Columns, ATruncatedColumnFailsAtEveryLength) {
  const Values values{1.5, 0.1 + 0.2, std::int64_t{2}, false, std::string("open"), lowest, highest, true, 2.5, 1e300, -7.25};
  const auto bytes = packed(values);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader in(std::string_view(bytes).substr(0, size));
    Values out;
    read_values(in, values.size(), out);
    EXPECT_FALSE(in.ok()) << size;
  }
}

TEST(Columns, DamagedBytesAreReadWithoutHarm) {
  std::mt19937_64 random(5);
  const Values values{1.5, 0.1 + 0.2, std::int64_t{2}, false, std::string("open"), lowest, highest, true, 2.5, 1e300, -7.25};
  const auto whole = packed(values);
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = whole;
    for (auto changes = random() % 4 + 1; changes > 0; --changes) bytes[random() % bytes.size()] = static_cast<char>(random());
    ByteReader in(bytes);
    Values out;
    read_values(in, random() % 20, out);
    EXPECT_LE(out.size(), 20U);
  }
}

TEST(Columns, ACountAboveTheLimitIsRefusedBeforeAnyMemoryIsTaken) {
  const auto bytes = packed(Integers(3, 7));
  EXPECT_TRUE(unpacked_integers(bytes, column_values_max + 1, false).empty());
}

TEST(BitStream, CodesOfEveryWidthComeBack) {
  std::mt19937_64 random(6);
  for (unsigned parameter = 0; parameter <= rice_parameter_max; ++parameter) {
    Integers values(100);
    for (auto& value : values) value = static_cast<std::int64_t>(random() >> (random() % 64));
    std::string out;
    BitWriter writer(out);
    for (const auto value : values) writer.put_rice(static_cast<std::uint64_t>(value), parameter), writer.put(1, 1);
    writer.finish();
    ByteReader in(out);
    BitReader reader(in);
    for (const auto value : values) {
      EXPECT_EQ(reader.get_rice(parameter), static_cast<std::uint64_t>(value));
      EXPECT_EQ(reader.get(1), 1U);
    }
    reader.finish();
    EXPECT_TRUE(in.ok() && in.at_end());
  }
}

TEST(BitStream, WhatFollowsTheCodesIsLeftToTheByteReader) {
  for (unsigned count = 0; count < 200; ++count) {
    std::string out;
    BitWriter writer(out);
    for (unsigned i = 0; i < count; ++i) writer.put(i % 2, 1);
    writer.finish();
    out += "rest of the body";
    ByteReader in(out);
    BitReader reader(in);
    for (unsigned i = 0; i < count; ++i) EXPECT_EQ(reader.get(1), i % 2);
    reader.finish();
    EXPECT_EQ(in.rest(), "rest of the body");
  }
}

}  // namespace
}  // namespace weir::gateway
