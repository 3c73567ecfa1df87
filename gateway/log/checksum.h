// Checksums of what lies on the disk.
//
// Purpose    crc32c() of rows and journal entries, with a seed that says where they belong.
// Thread     pure functions.
// Ownership  none.
// Limits     a table of 8 KiB, eight bytes at a step: the log's bodies are checked whenever they are read.
// Errors     none. Source: RFC 3720 section 12.1 and appendix B.4 (CRC-32C, test vectors).
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::gateway {

/// With `seed` 0 the CRC-32C of RFC 3720; with another one the same of a different beginning.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

/// 64 bits of a place as a seed.
constexpr std::uint32_t seed_of(std::uint64_t place) {
  place *= 0x9E37'79B9'7F4A'7C15U;
  return static_cast<std::uint32_t>(place >> 32U);
}

}  // namespace weir::gateway
