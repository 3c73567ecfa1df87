#include <algorithm>
#include <array>
#include <cassert>

#include "log/bit_stream.h"
#include "log/columns.h"

// A column: a byte with form (3 bits), scale (2) and Rice parameter (3), each with a byte of its own where it does not fit;
// one or two varints; the Rice codes of what is left of each value. All sums wrap around, so every int64 is allowed.
namespace weir::gateway {

namespace {

/// What a value is predicted by.
enum class Form : std::uint8_t {
  constant = 0,  // all are `first`
  line = 1,      // first, and the same step each time
  plain = 2,     // `first` stands for a typical value
  deltas = 3,    // the value before, and a typical step
  curve = 4,     // the value before, and the step before
};

constexpr unsigned scale_code_max = 2;  // 10^0, 10^3, 10^6; 3: the exponent follows
constexpr unsigned parameter_code_max = 6;
constexpr unsigned scale_max = 15;

constexpr std::array<std::int64_t, scale_max + 1> powers = [] {
  std::array<std::int64_t, scale_max + 1> out{1};
  for (std::size_t i = 1; i < out.size(); ++i) out[i] = out[i - 1] * 10;
  return out;
}();

std::int64_t add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t subtract(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t multiply(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

struct Head {
  Form form = Form::constant;
  unsigned scale = 0;
  unsigned parameter = 0;
};

void put_head(std::string& out, const Head& head) {
  const bool common_scale = head.scale % 3 == 0 && head.scale / 3 <= scale_code_max;
  const unsigned scale_code = common_scale ? head.scale / 3 : scale_code_max + 1;
  const unsigned parameter_code = std::min(head.parameter, parameter_code_max + 1);
  out.push_back(static_cast<char>(static_cast<unsigned>(head.form) | scale_code << 3U | parameter_code << 5U));
  if (!common_scale) out.push_back(static_cast<char>(head.scale));
  if (parameter_code > parameter_code_max) out.push_back(static_cast<char>(head.parameter));
}

Head read_head(ByteReader& in) {
  const unsigned byte = in.byte();
  Head head{static_cast<Form>(byte & 7U), (byte >> 3U & 3U) * 3, byte >> 5U};
  if (head.scale > scale_code_max * 3) head.scale = in.byte();
  if (head.parameter > parameter_code_max) head.parameter = in.byte();
  if (head.form > Form::curve || head.scale > scale_max || head.parameter > rice_parameter_max) in.fail(), head = {};
  return head;
}

/// The greatest power of ten that divides all of them.
unsigned common_scale(std::span<const std::int64_t> values) {
  unsigned scale = scale_max;
  for (const auto value : values) {
    if (value == 0) continue;
    if (value % 10 != 0) return 0;
    while (value % powers[scale] != 0) --scale;
  }
  return scale == scale_max ? 0 : scale;  // nothing but zeros, or so large that it does not matter
}

/// The middle of a few of them: what most are near to, whatever the outliers are.
template <class At>
std::int64_t typical(std::size_t count, At at) {
  std::array<std::int64_t, 9> few;
  const auto taken = std::min(count, few.size());
  for (std::size_t i = 0; i < taken; ++i) {
    const auto value = at((2 * i + 1) * count / (2 * taken));
    auto place = i;
    for (; place > 0 && few[place - 1] > value; --place) few[place] = few[place - 1];
    few[place] = value;
  }
  return few[taken / 2];
}

/// Of a long column a part tells enough: every so-many-th value.
std::size_t stride_of(std::size_t count) { return std::max<std::size_t>(1, count / 256); }

unsigned width_of(std::int64_t residual) { return static_cast<unsigned>(std::bit_width(zigzag(residual))); }

/// A form, what it starts from, and about the bits of what is left of each value.
struct Prediction {
  Form form = Form::constant;
  std::int64_t first = 0, step = 0;
  std::size_t width_sum = 0;
};

std::size_t varint_bits(std::int64_t value) { return (static_cast<std::size_t>(std::bit_width(zigzag(value) | 1)) + 6) / 7 * 8; }

std::size_t bits(const Prediction& prediction) {
  return prediction.width_sum + varint_bits(prediction.first) +
         (prediction.form == Form::plain ? 0 : varint_bits(prediction.step));
}

Prediction choose(std::span<const std::int64_t> values) {
  const auto delta = [&](std::size_t i) { return subtract(values[i + 1], values[i]); };
  Prediction deltas{Form::deltas, values[0], typical(values.size() - 1, delta)};
  Prediction plain{Form::plain, typical(values.size(), [&](std::size_t i) { return values[i]; })};
  Prediction curve{Form::curve, values[0], delta(0)};
  const auto stride = stride_of(values.size());
  for (std::size_t i = 0; i + 2 < values.size(); i += stride) {
    const auto step = delta(i), next_step = delta(i + 1);
    deltas.width_sum += width_of(subtract(next_step, deltas.step)) * stride;
    plain.width_sum += width_of(subtract(values[i + 2], plain.first)) * stride;
    curve.width_sum += width_of(subtract(next_step, step)) * stride;
  }
  const auto& line = bits(curve) < bits(deltas) ? curve : deltas;
  return bits(plain) < bits(line) ? plain : line;
}

/// What is left of each value, as codes.
void gather(std::span<const std::int64_t> values, const Prediction& prediction, std::vector<std::uint64_t>& codes) {
  codes.clear();
  const auto code = [&](std::int64_t residual) { codes.push_back(zigzag(residual)); };
  const auto delta = [&](std::size_t i) { return subtract(values[i], values[i - 1]); };
  if (prediction.form == Form::plain) {
    for (const auto value : values) code(subtract(value, prediction.first));
  } else if (prediction.form == Form::deltas) {
    for (std::size_t i = 1; i < values.size(); ++i) code(subtract(delta(i), prediction.step));
  } else {
    for (std::size_t i = 2; i < values.size(); ++i) code(subtract(delta(i), delta(i - 1)));
  }
}

std::size_t rice_bits(std::span<const std::uint64_t> codes, unsigned parameter) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < codes.size(); i += stride_of(codes.size())) {
    const auto quotient = codes[i] >> parameter;
    const bool escaped = quotient >= rice_quotient_max;
    sum += escaped ? rice_quotient_max + 6 + static_cast<unsigned>(std::bit_width(codes[i])) : quotient + 1 + parameter;
  }
  return sum;
}

/// The parameter with the shortest codes: a little less than their usual width.
unsigned best_parameter(std::span<const std::uint64_t> codes) {
  std::size_t widths = 0, counted = 0;
  for (std::size_t i = 0; i < codes.size(); i += stride_of(codes.size()), ++counted)
    widths += static_cast<unsigned>(std::bit_width(codes[i]));
  const auto highest = std::min(static_cast<unsigned>(widths / counted), rice_parameter_max);
  auto best = highest;
  auto best_bits = rice_bits(codes, highest);
  for (auto parameter = highest; parameter > 0 && highest - parameter < 5;) {
    const auto size = rice_bits(codes, --parameter);
    if (size < best_bits) best = parameter, best_bits = size;
  }
  return best;
}

bool is_line(std::span<const std::int64_t> values) {
  const auto step = subtract(values[1], values[0]);
  for (std::size_t i = 2; i < values.size(); ++i) {
    if (subtract(values[i], values[i - 1]) != step) return false;
  }
  return true;
}

void put_predicted(std::string& out, std::span<const std::int64_t> values, unsigned scale) {
  thread_local std::vector<std::uint64_t> codes;
  const auto prediction = choose(values);
  gather(values, prediction, codes);
  const auto parameter = best_parameter(codes);
  put_head(out, {prediction.form, scale, parameter});
  put_signed(out, prediction.first);
  if (prediction.form != Form::plain) put_signed(out, prediction.step);
  BitWriter bit_writer(out);
  for (const auto code : codes) bit_writer.put_rice(code, parameter);
  bit_writer.finish();
}

void put_scaled(std::string& out, std::span<const std::int64_t> values, unsigned scale) {
  const auto step = values.size() > 1 ? subtract(values[1], values[0]) : 0;
  if (values.size() > 1 && !is_line(values)) return put_predicted(out, values, scale);
  put_head(out, {step == 0 ? Form::constant : Form::line, scale, 0});
  put_signed(out, values[0]);
  if (step != 0) put_signed(out, step);
}

void read_plain(BitReader& bits, const Head& head, std::int64_t first, std::span<std::int64_t> out) {
  for (auto& value : out) value = add(first, unzigzag(bits.get_rice(head.parameter)));
}

void read_deltas(BitReader& bits, const Head& head, std::int64_t step, std::span<std::int64_t> out) {
  auto value = out[0];
  for (std::size_t i = 1; i < out.size(); ++i) {
    value = add(value, add(step, unzigzag(bits.get_rice(head.parameter))));
    out[i] = value;
  }
}

void read_curve(BitReader& bits, const Head& head, std::int64_t step, std::span<std::int64_t> out) {
  auto value = out[0];
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (i > 1) step = add(step, unzigzag(bits.get_rice(head.parameter)));
    value = add(value, step);
    out[i] = value;
  }
}

void read_codes(ByteReader& in, const Head& head, std::int64_t first, std::int64_t step, std::span<std::int64_t> out) {
  BitReader bits(in);
  out[0] = first;
  if (head.form == Form::plain) read_plain(bits, head, first, out);
  if (head.form == Form::deltas) read_deltas(bits, head, step, out);
  if (head.form == Form::curve) read_curve(bits, head, step, out);
  bits.finish();
}

void read_line(std::int64_t first, std::int64_t step, std::span<std::int64_t> out) {
  for (auto& value : out) {
    value = first;
    first = add(first, step);
  }
}

}  // namespace

void put_integers(std::string& out, std::span<const std::int64_t> values) {
  assert(values.size() <= column_values_max);
  if (values.empty()) return;
  const auto scale = common_scale(values);
  if (scale == 0) return put_scaled(out, values, 0);
  thread_local std::vector<std::int64_t> scaled;
  scaled.assign(values.begin(), values.end());
  for (auto& value : scaled) value /= powers[scale];
  put_scaled(out, scaled, scale);
}

void read_integers(ByteReader& in, std::size_t count, std::vector<std::int64_t>& out) {
  out.clear();
  if (count == 0) return;
  if (count > column_values_max) return in.fail();
  const auto head = read_head(in);
  const auto first = in.signed_varint();
  const auto step = head.form == Form::constant || head.form == Form::plain ? 0 : in.signed_varint();
  if (!in.ok()) return;
  out.resize(count);
  if (head.form <= Form::line) {
    read_line(first, step, out);
  } else {
    read_codes(in, head, first, step, out);
  }
  if (head.scale == 0) return;
  for (auto& value : out) value = multiply(value, powers[head.scale]);
}

}  // namespace weir::gateway
