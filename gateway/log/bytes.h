// Bytes: the small integers and texts that every body in the log is made of. docs/storage.md.
//
// Purpose    LEB128 varints, zigzag for signed ones, length and bytes for texts; reading them back within bounds.
// Thread     plain functions and values.
// Ownership  a ByteReader looks into bytes that outlive it.
// Limits     a text may be as long as what is left.
// Errors     after the first fault a ByteReader gives 0 and nothing, and ok() is false: check once, at the end.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::gateway {

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

inline void put_signed(std::string& out, std::int64_t value) { put_varint(out, zigzag(value)); }

inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

/// `size` bytes of `value`, little-endian.
inline void put_fixed(std::string& out, std::uint64_t value, unsigned size) {
  for (; size > 0; --size, value >>= 8) out.push_back(static_cast<char>(value));
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty() || !ok_; }
  std::string_view rest() const { return rest_; }

  std::uint8_t byte() {
    if (rest_.empty()) return fail(), std::uint8_t{0};
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto next = byte();
      value |= static_cast<std::uint64_t>(next & 0x7FU) << shift;
      if (next < 0x80) return value;
    }
    return fail(), 0;
  }
  std::int64_t signed_varint() { return unzigzag(varint()); }

  /// A varint that must fit into 32 bits.
  std::uint32_t varint32() {
    const auto value = varint();
    if (value > 0xFFFF'FFFFU) return fail(), 0;
    return static_cast<std::uint32_t>(value);
  }

  std::uint64_t fixed(unsigned size) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(byte()) << (8 * i);
    return value;
  }

  std::string_view bytes(std::uint64_t size) {
    if (size > rest_.size()) return fail(), std::string_view();
    const auto out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  std::string_view text() { return bytes(varint()); }

  void fail() { ok_ = false, rest_ = {}; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace weir::gateway
