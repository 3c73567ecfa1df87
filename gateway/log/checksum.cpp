#include "log/checksum.h"

#include <array>
#include <cstring>

namespace weir::gateway {

namespace {

constexpr std::uint32_t polynomial = 0x82F6'3B78;  // reflected
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

/// tables[k][b]: what byte b does to the remainder when k more bytes follow it.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    auto crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? polynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = (tables[k - 1][byte] >> 8U) ^ tables[0][tables[k - 1][byte] & 0xFFU];
  }
  return tables;
}

constexpr Tables tables = make_tables();

std::uint64_t little_endian(const char* bytes) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8U | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) {
  auto crc = ~seed;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    const auto word = little_endian(bytes.data()) ^ crc;
    crc = 0;
    for (unsigned k = 0; k < 8; ++k) crc ^= tables[7 - k][(word >> (8 * k)) & 0xFFU];
  }
  for (const char byte : bytes) crc = (crc >> 8U) ^ tables[0][(crc ^ static_cast<std::uint8_t>(byte)) & 0xFFU];
  return ~crc;
}

}  // namespace weir::gateway
