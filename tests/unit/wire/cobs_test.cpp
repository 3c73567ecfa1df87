#include "wire/cobs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes stuffed(const Bytes& bytes) {
  Bytes out(WEIR_COBS_BYTES_MAX(bytes.size()));
  out.resize(weir_cobs_encode(bytes.data(), bytes.size(), out.data()));
  return out;
}

class Deframer {
 public:
  explicit Deframer(std::size_t capacity) : buffer_(capacity) { weir_cobs_deframer_init(&state, buffer_.data(), buffer_.size()); }

  std::vector<Bytes> push(const Bytes& bytes) {
    std::vector<Bytes> frames;
    for (const auto byte : bytes) {
      if (weir_cobs_push(&state, byte)) frames.emplace_back(state.buffer, state.buffer + state.size);
    }
    return frames;
  }

  weir_cobs_deframer state{};

 private:
  Bytes buffer_;
};

Bytes counted(std::size_t size, unsigned first) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

TEST(Cobs, StuffsThePublishedExamples) {
  EXPECT_EQ(stuffed({0x00}), (Bytes{0x01, 0x01, 0x00}));
  EXPECT_EQ(stuffed({0x00, 0x00}), (Bytes{0x01, 0x01, 0x01, 0x00}));
  EXPECT_EQ(stuffed({0x11, 0x22, 0x00, 0x33}), (Bytes{0x03, 0x11, 0x22, 0x02, 0x33, 0x00}));
  EXPECT_EQ(stuffed({0x11, 0x00, 0x00, 0x00}), (Bytes{0x02, 0x11, 0x01, 0x01, 0x01, 0x00}));
  EXPECT_EQ(stuffed(counted(254, 1)), Bytes{0xFF} + counted(254, 1) + Bytes{0x00});
  EXPECT_EQ(stuffed(counted(255, 0)), (Bytes{0x01, 0xFF}) + counted(254, 1) + Bytes{0x00});
}

TEST(Cobs, EveryLengthComesBackWithinTheStatedSize) {
  std::mt19937 random(1);
  for (std::size_t size = 1; size <= 1100; ++size) {
    Bytes bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random() % 3 == 0 ? 0 : random());
    const Bytes line = stuffed(bytes);
    ASSERT_LE(line.size(), WEIR_COBS_BYTES_MAX(size));
    ASSERT_EQ(std::count(line.begin(), line.end(), 0), 1);
    ASSERT_EQ(Deframer(1100).push(line), std::vector<Bytes>{bytes}) << size;
  }
}

TEST(Cobs, FullBlocksWithoutZerosComeBack) {
  for (const std::size_t size : {253, 254, 255, 507, 508, 509, 762}) {
    const Bytes bytes(size, 0xAB);
    ASSERT_LE(stuffed(bytes).size(), WEIR_COBS_BYTES_MAX(size));
    ASSERT_EQ(Deframer(size).push(stuffed(bytes)), std::vector<Bytes>{bytes}) << size;
  }
}

TEST(Cobs, DelimitersInARowAreIdleLine) {
  Deframer deframer(16);
  EXPECT_TRUE(deframer.push({0, 0, 0}).empty());
  EXPECT_EQ(deframer.push(stuffed({1, 2})).size(), 1U);
  EXPECT_TRUE(deframer.push({0, 0}).empty());
  EXPECT_EQ(deframer.state.malformed, 0U);
}

TEST(Cobs, CutFrameIsCountedAndTheNextOneIsWhole) {
  Deframer deframer(16);
  EXPECT_TRUE(deframer.push({0x05, 0x11, 0x22, 0x00}).empty());
  EXPECT_EQ(deframer.state.malformed, 1U);
  EXPECT_EQ(deframer.push(stuffed({7, 0, 8})), (std::vector<Bytes>{{7, 0, 8}}));
}

TEST(Cobs, OverlongFrameIsCountedOnceAndTheNextOneIsWhole) {
  Deframer deframer(16);
  EXPECT_TRUE(deframer.push(stuffed(Bytes(500, 0x55))).empty());
  EXPECT_EQ(deframer.state.overlong, 1U);
  EXPECT_EQ(deframer.state.malformed, 0U);
  EXPECT_EQ(deframer.push(stuffed(Bytes(16, 0x33))), (std::vector<Bytes>{Bytes(16, 0x33)}));
}

TEST(Cobs, FrameThatNeverEndsTakesNoMemory) {
  Deframer deframer(16);
  for (int i = 0; i < 100'000; ++i) EXPECT_FALSE(weir_cobs_push(&deframer.state, 0x7F));
  EXPECT_LE(deframer.state.size, 16U);
  EXPECT_EQ(deframer.state.overlong, 1U);
}

}  // namespace
