#include "wire/cbor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes written(const std::function<void(weir_cbor_writer*)>& put) {
  Bytes bytes(256);
  weir_cbor_writer writer;
  weir_cbor_writer_init(&writer, bytes.data(), bytes.size());
  put(&writer);
  EXPECT_TRUE(weir_cbor_fits(&writer));
  bytes.resize(writer.size);
  return bytes;
}

Bytes of_int(std::int64_t value) {
  return written([&](auto* writer) { weir_cbor_put_int(writer, value); });
}

Bytes of_double(double value) {
  return written([&](auto* writer) { weir_cbor_put_double(writer, value); });
}

weir_cbor_reader reading(const Bytes& bytes) {
  weir_cbor_reader reader;
  weir_cbor_reader_init(&reader, bytes.data(), bytes.size());
  return reader;
}

bool rejected(const Bytes& bytes) {
  auto reader = reading(bytes);
  return !weir_cbor_skip(&reader) && reader.failed;
}

// RFC 8949 appendix A.
TEST(Cbor, WritesTheExamplesOfTheStandard) {
  EXPECT_EQ(of_int(0), (Bytes{0x00}));
  EXPECT_EQ(of_int(23), (Bytes{0x17}));
  EXPECT_EQ(of_int(24), (Bytes{0x18, 0x18}));
  EXPECT_EQ(of_int(1000), (Bytes{0x19, 0x03, 0xE8}));
  EXPECT_EQ(of_int(1000000), (Bytes{0x1A, 0x00, 0x0F, 0x42, 0x40}));
  EXPECT_EQ(of_int(1000000000000), (Bytes{0x1B, 0x00, 0x00, 0x00, 0xE8, 0xD4, 0xA5, 0x10, 0x00}));
  EXPECT_EQ(of_int(-1), (Bytes{0x20}));
  EXPECT_EQ(of_int(-1000), (Bytes{0x39, 0x03, 0xE7}));
  EXPECT_EQ(of_double(0.0), (Bytes{0xF9, 0x00, 0x00}));
  EXPECT_EQ(of_double(-0.0), (Bytes{0xF9, 0x80, 0x00}));
  EXPECT_EQ(of_double(1.5), (Bytes{0xF9, 0x3E, 0x00}));
  EXPECT_EQ(of_double(65504.0), (Bytes{0xF9, 0x7B, 0xFF}));
  EXPECT_EQ(of_double(100000.0), (Bytes{0xFA, 0x47, 0xC3, 0x50, 0x00}));
  EXPECT_EQ(of_double(1.1), (Bytes{0xFB, 0x3F, 0xF1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A}));
  EXPECT_EQ(of_double(-1.0e300)[0], 0xFB);
  EXPECT_EQ(of_double(std::numeric_limits<double>::infinity()), (Bytes{0xF9, 0x7C, 0x00}));
  EXPECT_EQ(written([](auto* writer) { weir_cbor_put_bool(writer, true); }), (Bytes{0xF5}));
  EXPECT_EQ(written([](auto* writer) { weir_cbor_put_null(writer); }), (Bytes{0xF6}));
  EXPECT_EQ(written([](auto* writer) { weir_cbor_put_text(writer, "IETF", 4); }), (Bytes{0x64, 'I', 'E', 'T', 'F'}));
  EXPECT_EQ(written([](auto* writer) { weir_cbor_put_uint(writer, std::numeric_limits<std::uint64_t>::max()); }),
            (Bytes{0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}));
}

TEST(Cbor, IntegersComeBack) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-24}, std::int64_t{-25}, std::int64_t{255}, std::int64_t{65536},
                                   std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    const Bytes bytes = of_int(value);
    auto reader = reading(bytes);
    std::int64_t back = 1;
    ASSERT_TRUE(weir_cbor_read_int(&reader, &back));
    EXPECT_EQ(back, value);
    EXPECT_TRUE(weir_cbor_at_end(&reader));
  }
}

TEST(Cbor, DoublesComeBackBitForBit) {
  for (const double value : {0.0, -0.0, 1.0, 21.5, 0.1, 1e-7, 5e-324, 1.7976931348623157e308, 3.4028234663852886e38, 3.5e38,
                             6.103515625e-05, 5.960464477539063e-08, 65504.0, 65505.0, -2.5e-40}) {
    const Bytes bytes = of_double(value);
    auto reader = reading(bytes);
    double back = 1;
    ASSERT_TRUE(weir_cbor_read_number(&reader, &back));
    EXPECT_EQ(std::memcmp(&back, &value, sizeof value), 0) << value;
  }
}

TEST(Cbor, EveryHalfIsReadAsTheStandardSays) {
  for (unsigned half = 0; half < 0x10000; ++half) {
    const Bytes bytes{0xF9, static_cast<std::uint8_t>(half >> 8U), static_cast<std::uint8_t>(half)};
    auto reader = reading(bytes);
    double value = 0;
    ASSERT_TRUE(weir_cbor_read_number(&reader, &value));
    const int exponent = static_cast<int>(half >> 10U & 0x1FU);
    const int mantissa = static_cast<int>(half & 0x3FFU);
    if (exponent == 31) {
      EXPECT_EQ(std::isnan(value), mantissa != 0);
      EXPECT_EQ(std::isinf(value), mantissa == 0);
      continue;
    }
    const double size = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 1024, exponent - 25);
    ASSERT_EQ(value, (half & 0x8000U) != 0 ? -size : size) << half;
  }
}

TEST(Cbor, WriterReportsWhatItWouldNeedAndWritesNothingBeyond) {
  Bytes bytes(8, 0xEE);
  weir_cbor_writer writer;
  weir_cbor_writer_init(&writer, bytes.data(), 4);
  weir_cbor_put_text(&writer, "hello", 5);
  weir_cbor_put_int(&writer, 1);
  EXPECT_FALSE(weir_cbor_fits(&writer));
  EXPECT_EQ(writer.size, 7U);
  EXPECT_EQ(Bytes(bytes.begin() + 4, bytes.end()), Bytes(4, 0xEE));
}

TEST(Cbor, EveryCutIsRejected) {
  const Bytes bytes = written([](auto* writer) {
    weir_cbor_put_map(writer, 2);
    weir_cbor_put_int(writer, 300);
    weir_cbor_put_array(writer, 3);
    weir_cbor_put_text(writer, "text", 4);
    weir_cbor_put_double(writer, 1.1);
    weir_cbor_put_bytes(writer, reinterpret_cast<const std::uint8_t*>("\x01\x02"), 2);
    weir_cbor_put_bool(writer, false);
    weir_cbor_put_null(writer);
  });
  auto whole = reading(bytes);
  EXPECT_TRUE(weir_cbor_skip(&whole));
  EXPECT_TRUE(weir_cbor_at_end(&whole));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(rejected(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)))) << size;
  }
}

TEST(Cbor, CountsThatLieAreRejectedBeforeAnyLoop) {
  EXPECT_TRUE(rejected({0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}));
  EXPECT_TRUE(rejected({0x7B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}));
  EXPECT_TRUE(rejected({0xBA, 0x80, 0x00, 0x00, 0x00, 0x00}));
}

TEST(Cbor, IndefiniteReservedTaggedAndTooLargeAreRejected) {
  EXPECT_TRUE(rejected({0x9F, 0x01, 0xFF}));                                      // indefinite array
  EXPECT_TRUE(rejected({0x1C}));                                                  // reserved
  EXPECT_TRUE(rejected({0xC1, 0x01}));                                            // tag
  EXPECT_TRUE(rejected({0xF7}));                                                  // undefined
  EXPECT_TRUE(rejected({0xF8, 0x15}));                                            // a simple value in two bytes
  EXPECT_TRUE(rejected({0x1B, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00}));  // 2^63
}

TEST(Cbor, NestingBeyondTheLimitIsRejected) {
  Bytes deepest(WEIR_CBOR_DEPTH_MAX, 0x81);
  deepest.push_back(0x00);
  EXPECT_FALSE(rejected(deepest));
  deepest.insert(deepest.begin(), 0x81);
  EXPECT_TRUE(rejected(deepest));
}

TEST(Cbor, SkipStopsBehindTheItem) {
  const Bytes bytes{0x82, 0x80, 0xA1, 0x01, 0x81, 0x02, 0x18, 0x2A};
  auto reader = reading(bytes);
  ASSERT_TRUE(weir_cbor_skip(&reader));
  std::int64_t value = 0;
  ASSERT_TRUE(weir_cbor_read_int(&reader, &value));
  EXPECT_EQ(value, 42);
}

TEST(Cbor, AnotherTypeThanExpectedFailsForGood) {
  const Bytes bytes{0x61, 'a', 0x01};
  auto reader = reading(bytes);
  std::int64_t value = 0;
  EXPECT_FALSE(weir_cbor_read_int(&reader, &value));
  EXPECT_FALSE(weir_cbor_read_int(&reader, &value));
  std::uint32_t small = 0;
  auto negative = reading(bytes);
  negative.next = bytes.data() + 3;
  const Bytes minus{0x20};
  negative = reading(minus);
  EXPECT_FALSE(weir_cbor_read_uint32(&negative, &small));
}

}  // namespace
