// Bit streams: codes of any number of bits inside a body, least significant bit first.
//
// Purpose    Rice codes (Rice and Plaunt 1971) with an escape, so that a few outliers cost little; single bits; XOR codes.
// Thread     plain values.
// Ownership  a BitWriter appends to a string, a BitReader looks into a ByteReader's bytes: both outlive them.
// Limits     a code has at most rice_quotient_max + 6 + 64 bits.
// Errors     reading past the end gives zeros and fails the ByteReader in finish(): check once, at the end.
#pragma once

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <string>

#include "log/bytes.h"

namespace weir::gateway {

/// A quotient of this size or more is an escape: the number's width in 6 bits and the number itself follow.
inline constexpr unsigned rice_quotient_max = 16;
/// Parameters above give no shorter codes than the escape.
inline constexpr unsigned rice_parameter_max = 47;

class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}

  /// The low `count` bits of `bits`; there are no others. At most 64.
  void put(std::uint64_t bits, unsigned count) {
    word_ |= bits << used_;
    if (used_ + count < 64) {
      used_ += count;
      return;
    }
    append(8);
    word_ = used_ == 0 ? 0 : bits >> (64 - used_);
    used_ = used_ + count - 64;
  }

  void put_rice(std::uint64_t value, unsigned parameter) {
    const auto quotient = value >> parameter;
    if (quotient < rice_quotient_max) {
      const auto low = value & ((std::uint64_t{1} << parameter) - 1);
      const auto unary = static_cast<unsigned>(quotient);
      return put((low << 1U | 1U) << unary, unary + 1 + parameter);
    }
    const auto width = static_cast<unsigned>(std::bit_width(value));
    put(std::uint64_t{width - 1} << rice_quotient_max, rice_quotient_max + 6);
    put(value, width);
  }

  /// To a whole byte. The writer is empty again.
  void finish() {
    append((used_ + 7) / 8);
    word_ = 0, used_ = 0;
  }

 private:
  void append(unsigned bytes) {
    char little_endian[8];
    for (unsigned i = 0; i < 8; ++i) little_endian[i] = static_cast<char>(word_ >> (8 * i));
    out_.append(little_endian, bytes);
  }

  std::string& out_;
  std::uint64_t word_ = 0;
  unsigned used_ = 0;  // bits of word_, below 64
};

class BitReader {
 public:
  explicit BitReader(ByteReader& in) : in_(in), next_(in.rest().data()), left_(in.rest().size()) {}

  /// At most 64 bits.
  std::uint64_t get(unsigned count) {
    if (count > 32) {
      const auto low = take(32);
      return low | take(count - 32) << 32U;
    }
    return take(count);
  }

  std::uint64_t get_rice(unsigned parameter) {
    refill();
    const auto quotient = static_cast<unsigned>(std::countr_zero(word_ | std::uint64_t{1} << rice_quotient_max));
    if (quotient == rice_quotient_max) return get_escaped();
    drop(quotient + 1);
    return std::uint64_t{quotient} << parameter | (parameter <= have_ ? take_known(parameter) : get(parameter));
  }

  /// To a whole byte: what follows is the ByteReader's again.
  void finish() {
    if (overrun_) return in_.fail();
    const auto unread = have_ / 8;
    in_.bytes(static_cast<std::uint64_t>(next_ - in_.rest().data()) - unread);
  }

 private:
  std::uint64_t get_escaped() {
    drop(rice_quotient_max);
    const auto width = static_cast<unsigned>(take(6)) + 1;
    return get(width);
  }

  /// At most 32 bits.
  std::uint64_t take(unsigned count) {
    refill();
    return take_known(count);
  }

  std::uint64_t take_known(unsigned count) {
    const auto bits = word_ & ((std::uint64_t{1} << count) - 1);
    drop(count);
    return bits;
  }

  void drop(unsigned count) {
    if (count > have_) {
      overrun_ = true;
      word_ = 0, have_ = 0;
      return;
    }
    word_ >>= count;
    have_ -= count;
  }

  /// To at least 56 bits, where there are as many. Bits of word_ above have_ are the next ones of the stream or 0.
  void refill() {
    if (left_ < 8) return refill_slowly();
    const auto bytes = (63 - have_) / 8;
    std::uint64_t more = 0;
    std::memcpy(&more, next_, 8);
    if constexpr (std::endian::native == std::endian::big) more = __builtin_bswap64(more);
    word_ |= more << have_;
    next_ += bytes;
    left_ -= bytes;
    have_ += bytes * 8;
  }

  void refill_slowly() {
    word_ &= (std::uint64_t{1} << have_) - 1;
    for (; have_ < 56 && left_ > 0; ++next_, --left_, have_ += 8)
      word_ |= std::uint64_t{static_cast<std::uint8_t>(*next_)} << have_;
  }

  ByteReader& in_;
  const char* next_;
  std::size_t left_;
  std::uint64_t word_ = 0;
  unsigned have_ = 0;  // known bits of word_
  bool overrun_ = false;
};

}  // namespace weir::gateway
