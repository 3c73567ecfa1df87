#include "wire/crc32c.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace {

std::uint32_t crc(std::string_view text) { return weir_crc32c(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()); }

TEST(Crc32c, HasTheCheckValueOfTheCatalogue) { EXPECT_EQ(crc("123456789"), 0xE3069283U); }

// RFC 3720 appendix B.4.
TEST(Crc32c, AgreesWithTheVectorsOfIscsi) {
  std::array<std::uint8_t, 32> bytes{};
  EXPECT_EQ(weir_crc32c(bytes.data(), bytes.size()), 0x8A9136AAU);
  bytes.fill(0xFF);
  EXPECT_EQ(weir_crc32c(bytes.data(), bytes.size()), 0x62A8AB43U);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(weir_crc32c(bytes.data(), bytes.size()), 0x46DD794EU);
}

TEST(Crc32c, OfNothingIsZero) { EXPECT_EQ(crc(""), 0U); }

}  // namespace
