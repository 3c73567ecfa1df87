// Values of every type from a fuzzer's bytes: near the one before, or any.
#pragma once

#include "input.h"
#include "reading/reading.h"

namespace weir {

/// A few neighbours of a number, most often: what sensors send.
inline std::int64_t take_integer(Input& in, std::int64_t before) {
  const auto how = in.take<std::uint8_t>();
  if (how < 128) return static_cast<std::int64_t>(static_cast<std::uint64_t>(before) + how - 64);
  if (how < 160) return before;
  if (how < 192) return in.take<std::int16_t>() * std::int64_t{1'000'000};
  return in.take<std::int64_t>();
}

inline double take_double(Input& in, std::int64_t& before) {
  const auto how = in.take<std::uint8_t>();
  if (how >= 224) return in.take<double>();
  before = take_integer(in, before);
  constexpr double powers[] = {1, 10, 100, 1000, 1e8, 1e14, 3};
  return static_cast<double>(before) / powers[how % 7];
}

inline Value take_value(Input& in, unsigned type, std::int64_t& before) {
  switch (type % 4) {
    case 0: return take_double(in, before);
    case 1: return before = take_integer(in, before);
    case 2: return in.take<std::uint8_t>() % 8 == 0;
    default: return std::string(in.take<std::uint8_t>() % 20, static_cast<char>(in.take<std::uint8_t>()));
  }
}

/// Bit for bit, since NaN != NaN and -0.0 == 0.0.
inline bool same(const Value& a, const Value& b) {
  const auto *x = std::get_if<double>(&a), *y = std::get_if<double>(&b);
  return x && y ? std::memcmp(x, y, sizeof(double)) == 0 : a == b;
}

}  // namespace weir
