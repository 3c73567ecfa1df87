#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>

#include "log/bit_stream.h"
#include "log/columns.h"

// A column of doubles: a byte with form (2 bits) and exponent (5), then
//   decimals    the mantissas, integers
//   exceptions  the mantissas, the same as before where there is none; how many there are not, where, and these as XOR
//   exclusive   the first in 8 bytes; of each further one the bits that differ from the one before
namespace weir::gateway {

namespace {

enum class Form : std::uint8_t { decimals = 0, exceptions = 1, exclusive = 2 };

// Division by a power of ten that is exact as a double rounds once, as reading the decimal text does.
constexpr unsigned exponent_max = 17;
constexpr double mantissa_max = 9'007'199'254'740'992.0;  // 2^53
constexpr std::size_t sample_max = 32;
constexpr std::size_t exception_bits = 75;  // about: the value and its place

constexpr std::array<double, exponent_max + 1> powers = {1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
                                                         1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17};

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

/// Whether `value` is mantissa / 10^exponent, to the bit.
bool decimal(double value, unsigned exponent, std::int64_t& mantissa) {
  const double scaled = value * powers[exponent];
  if (!(std::abs(scaled) < mantissa_max)) return false;  // NaN as well
  mantissa = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  return same_bits(static_cast<double>(mantissa) / powers[exponent], value);
}

/// The fewest decimals that give the value; exponent_max + 1 where none do.
unsigned decimals_of(double value) {
  std::int64_t mantissa = 0;
  for (unsigned exponent = 0; exponent <= exponent_max; ++exponent) {
    if (decimal(value, exponent, mantissa)) return exponent;
  }
  return exponent_max + 1;
}

/// How many values of a sample have how many decimals.
using Decimals = std::array<std::size_t, exponent_max + 2>;

Decimals sample(std::span<const double> values) {
  Decimals counts{};
  const auto step = (values.size() + sample_max - 1) / sample_max;
  for (std::size_t i = 0; i < values.size(); i += step) ++counts[decimals_of(values[i])];
  return counts;
}

/// The exponent with which digits (10/3 bits each) and exceptions need least; none where most values would be exceptions.
std::optional<unsigned> best_exponent(const Decimals& counts) {
  std::size_t all = 0, within = 0;
  for (const auto count : counts) all += count;
  std::optional<unsigned> best;
  auto best_bits = ~std::size_t{0};
  for (unsigned exponent = 0; exponent <= exponent_max; ++exponent) {
    within += counts[exponent];
    const auto bits = within * exponent * 10 / 3 + (all - within) * exception_bits;
    if (counts[exponent] != 0 && within * 2 > all && bits < best_bits) best = exponent, best_bits = bits;
  }
  return best;
}

struct Scratch {
  std::vector<std::int64_t> mantissas, places;
  std::vector<double> exceptions;
  std::string body;
};
thread_local Scratch scratch;

void put_head(std::string& out, Form form, unsigned exponent) {
  out.push_back(static_cast<char>(static_cast<unsigned>(form) | exponent << 2U));
}

/// The window in which the bits of the previous code lay: most have theirs in it too.
struct Window {
  unsigned leading = 0, width = 0;
  bool holds(std::uint64_t difference) const {
    if (width == 0 || static_cast<unsigned>(std::countl_zero(difference)) < leading) return false;
    return static_cast<unsigned>(std::countr_zero(difference)) >= 64 - leading - width;
  }
  unsigned trailing() const { return 64 - leading - width; }
};

/// One bit for "the same"; two and the window's bits; or two, a new window in 12 bits, and its bits.
void put_difference(BitWriter& bits, std::uint64_t difference, Window& window) {
  if (difference == 0) return bits.put(0, 1);
  if (window.holds(difference)) {
    bits.put(0b01, 2);
  } else {
    window.leading = static_cast<unsigned>(std::countl_zero(difference));
    window.width = 64 - window.leading - static_cast<unsigned>(std::countr_zero(difference));
    bits.put(0b11U | window.leading << 2U | (window.width - 1) << 8U, 14);
  }
  bits.put(difference >> window.trailing(), window.width);
}

std::uint64_t read_difference(BitReader& bits, Window& window) {
  if (bits.get(1) == 0) return 0;
  if (bits.get(1) != 0) {
    window.leading = static_cast<unsigned>(bits.get(6));
    window.width = std::min(static_cast<unsigned>(bits.get(6)) + 1, 64 - window.leading);
  }
  return window.width == 0 ? 0 : bits.get(window.width) << window.trailing();
}

void put_exclusive(std::string& out, std::span<const double> values) {
  auto before = std::bit_cast<std::uint64_t>(values[0]);
  put_fixed(out, before, 8);
  BitWriter bits(out);
  Window window;
  for (const auto value : values.subspan(1)) {
    const auto now = std::bit_cast<std::uint64_t>(value);
    put_difference(bits, now ^ before, window);
    before = now;
  }
  bits.finish();
}

void read_exclusive(ByteReader& in, std::size_t count, std::vector<double>& out) {
  auto now = in.fixed(8);
  out.clear();
  if (!in.ok()) return;
  out.reserve(count);
  out.push_back(std::bit_cast<double>(now));
  BitReader bits(in);
  Window window;
  while (out.size() < count) {
    now ^= read_difference(bits, window);
    out.push_back(std::bit_cast<double>(now));
  }
  bits.finish();
}

/// Fills the scratch: mantissas of all, and what is none.
void split(std::span<const double> values, unsigned exponent) {
  auto& [mantissas, places, exceptions, body] = scratch;
  mantissas.clear(), places.clear(), exceptions.clear();
  std::int64_t before = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int64_t mantissa = 0;
    if (decimal(values[i], exponent, mantissa)) {
      before = mantissa;
    } else {
      places.push_back(static_cast<std::int64_t>(i));
      exceptions.push_back(values[i]);
    }
    mantissas.push_back(before);
  }
}

void put_decimals(std::string& out, unsigned exponent) {
  const auto& [mantissas, places, exceptions, body] = scratch;
  put_head(out, exceptions.empty() ? Form::decimals : Form::exceptions, exponent);
  put_integers(out, mantissas);
  if (exceptions.empty()) return;
  put_varint(out, exceptions.size());
  put_integers(out, places);
  put_exclusive(out, exceptions);
}

void read_mantissas(ByteReader& in, std::size_t count, unsigned exponent, std::vector<double>& out) {
  auto& mantissas = scratch.mantissas;
  read_integers(in, count, mantissas);
  if (exponent > exponent_max) in.fail();
  if (!in.ok()) return;
  out.resize(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<double>(mantissas[i]) / powers[exponent];
}

void read_exceptions(ByteReader& in, std::vector<double>& out) {
  auto& [mantissas, places, exceptions, body] = scratch;
  const auto count = in.varint();
  if (count == 0 || count > out.size()) return in.fail();
  read_integers(in, count, places);
  read_exclusive(in, count, exceptions);
  if (!in.ok()) return;
  for (std::size_t i = 0; i < count; ++i) {
    const auto place = static_cast<std::uint64_t>(places[i]);
    if (place >= out.size()) return in.fail();
    out[place] = exceptions[i];
  }
}

}  // namespace

void put_doubles(std::string& out, std::span<const double> values) {
  assert(values.size() <= column_values_max);
  if (values.empty()) return;
  const auto exponent = best_exponent(sample(values));
  const auto begin = out.size();
  if (exponent) {
    split(values, *exponent);
    put_decimals(out, *exponent);
    if (scratch.exceptions.size() * 8 <= values.size()) return;
  }
  auto& body = scratch.body;  // the other way, where it is not clear which is shorter
  body.clear();
  put_head(body, Form::exclusive, 0);
  put_exclusive(body, values);
  if (exponent && out.size() - begin <= body.size()) return;
  out.resize(begin);
  out += body;
}

void read_doubles(ByteReader& in, std::size_t count, std::vector<double>& out) {
  out.clear();
  if (count == 0) return;
  if (count > column_values_max) return in.fail();
  const auto head = in.byte();
  switch (static_cast<Form>(head & 3U)) {
    case Form::decimals: return read_mantissas(in, count, head >> 2U, out);
    case Form::exceptions: read_mantissas(in, count, head >> 2U, out); return in.ok() ? read_exceptions(in, out) : void();
    case Form::exclusive: return read_exclusive(in, count, out);
  }
  in.fail();
}

}  // namespace weir::gateway
