#include "access/secrets.h"

#include <array>
#include <cassert>
#include <cstdint>
#include <cstdio>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace weir::gateway {
namespace {

Error no_random_bytes() {
  return {ErrorCode::io, "the system gave no random bytes; nothing was made: try again, or look into the system's journal"};
}

template <std::size_t N>
Result<std::array<unsigned char, N>> random_bytes() {
  std::array<unsigned char, N> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(N)) != 1) return no_random_bytes();
  return bytes;
}

std::string base32(const std::array<unsigned char, 32>& bytes) {
  static constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::string out;
  std::uint32_t window = 0;
  unsigned bits = 0;
  for (const unsigned char byte : bytes) {
    window = (window << 8U) | byte;
    bits += 8;
    while (bits >= 5) out += alphabet[(window >> (bits -= 5)) & 31U];
  }
  if (bits > 0) out += alphabet[(window << (5 - bits)) & 31U];
  return out;
}

}  // namespace

Result<std::string> random_secret() {
  const auto bytes = random_bytes<32>();
  if (!bytes) return bytes.error();
  return base32(*bytes);
}

Result<std::string> random_code() {
  constexpr std::uint32_t codes = 100'000'000;
  constexpr std::uint32_t fair_below = (UINT32_MAX / codes) * codes;  // above it, small codes would be likelier
  for (;;) {
    const auto bytes = random_bytes<4>();
    if (!bytes) return bytes.error();
    std::uint32_t number = 0;
    for (const unsigned char byte : *bytes) number = (number << 8U) | byte;
    if (number >= fair_below) continue;
    char text[16];
    std::snprintf(text, sizeof text, "%04u-%04u", number % codes / 10'000, number % 10'000);
    return std::string(text);
  }
}

std::string hash_of(std::string_view secret) {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);  // to look it up costs as much as to use it
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  [[maybe_unused]] const int done = EVP_Digest(secret.data(), secret.size(), digest.data(), &size, sha256, nullptr);
  assert(done == 1 && size == 32);
  std::string out(2 * std::size_t{size}, '0');
  for (std::size_t i = 0; i < size; ++i) {
    out[2 * i] = "0123456789abcdef"[digest[i] >> 4U];
    out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15U];
  }
  return out;
}

std::string csrf_token_of(std::string_view session_secret) { return hash_of("csrf " + std::string(session_secret)); }

bool same_hash(std::string_view a, std::string_view b) {
  return a.size() == b.size() && !a.empty() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace weir::gateway
