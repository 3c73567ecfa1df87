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
  std::size_t taken = 0;
  const auto step = std::max<std::size_t>(1, count / few.size());
  for (std::size_t i = step / 2; i < count && taken < few.size(); i += step) {
    const auto value = at(i);
    auto place = taken++;
    for (; place > 0 && few[place - 1] > value; --place) few[place] = few[place - 1];
    few[place] = value;
  }
  return few[taken / 2];
}

/// How many numbers there are of each width.
class Widths {
 public:
  void add(std::uint64_t number) {
    const auto width = static_cast<unsigned>(std::bit_width(number));
    ++counts_[width], ++total_;
    widest_ = std::max(widest_, width);
  }

  /// The parameter with the shortest codes.
  unsigned best_parameter() const {
    const auto middle = median();
    unsigned best = 0;
    auto best_bits = ~std::size_t{0};
    for (auto k = middle > 4 ? middle - 4 : 0; k <= std::min(middle + 1, rice_parameter_max); ++k) {
      if (const auto size = half_bits(k); size < best_bits) best = k, best_bits = size;
    }
    return best;
  }

 private:
  unsigned median() const {
    std::size_t below = 0;
    unsigned width = 0;
    while ((below += counts_[width]) * 2 < total_) ++width;
    return std::min(width, rice_parameter_max);
  }

  std::size_t half_bits(unsigned parameter) const {
    std::size_t sum = 0;
    for (unsigned width = 0; width <= widest_; ++width) sum += counts_[width] * half_bits_of(width, parameter);
    return sum;
  }

  /// Twice the usual size of a code: the quotients of numbers with d bits more than the parameter are 1.5 * 2^(d-1) - 0.5.
  static std::size_t half_bits_of(unsigned width, unsigned parameter) {
    if (width <= parameter) return (parameter + 1) * 2;
    const auto more = width - parameter;
    if (more > 4) return (rice_quotient_max + 6 + width) * 2;
    return (parameter + 1) * 2 + (3U << (more - 1)) - 1;
  }

  std::array<std::uint32_t, 65> counts_{};
  std::size_t total_ = 0;
  unsigned widest_ = 0;
};

/// A form, what it starts from, and what is left of each value.
struct Prediction {
  Form form = Form::constant;
  std::int64_t first = 0;
  std::int64_t step = 0;

  std::size_t skipped() const { return form == Form::plain ? 0 : form == Form::deltas ? 1 : 2; }
  std::int64_t residual(std::span<const std::int64_t> values, std::size_t i) const {
    if (form == Form::plain) return subtract(values[i], first);
    const auto delta = subtract(values[i], values[i - 1]);
    return form == Form::deltas ? subtract(delta, step) : subtract(delta, subtract(values[i - 1], values[i - 2]));
  }
};

std::size_t varint_bits(std::int64_t value) { return (static_cast<std::size_t>(std::bit_width(zigzag(value) | 1)) + 6) / 7 * 8; }

/// About the bits that a prediction needs: Rice codes are about two bits longer than their numbers.
std::size_t estimate(const Prediction& prediction, std::span<const std::int64_t> values) {
  std::size_t bits = varint_bits(prediction.first) + (prediction.form == Form::plain ? 0 : varint_bits(prediction.step));
  // Of a long column a part tells enough: every so-many-th value.
  const auto stride = std::max<std::size_t>(1, values.size() / 256);
  std::size_t sum = 0;
  for (auto i = prediction.skipped(); i < values.size(); i += stride)
    sum += static_cast<std::size_t>(std::bit_width(zigzag(prediction.residual(values, i))));
  return bits + sum * stride + (values.size() - prediction.skipped());
}

Prediction choose(std::span<const std::int64_t> values) {
  const auto delta = [&](std::size_t i) { return subtract(values[i + 1], values[i]); };
  const std::array<Prediction, 3> candidates{{
      {Form::deltas, values[0], typical(values.size() - 1, delta)},
      {Form::plain, typical(values.size(), [&](std::size_t i) { return values[i]; }), 0},
      {Form::curve, values[0], delta(0)},
  }};
  std::size_t best = 0, best_bits = ~std::size_t{0};
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (const auto bits = estimate(candidates[i], values); bits < best_bits) best = i, best_bits = bits;
  }
  return candidates[best];
}

bool is_line(std::span<const std::int64_t> values) {
  const auto step = subtract(values[1], values[0]);
  for (std::size_t i = 2; i < values.size(); ++i) {
    if (subtract(values[i], values[i - 1]) != step) return false;
  }
  return true;
}

void put_predicted(std::string& out, std::span<const std::int64_t> values, unsigned scale) {
  const auto prediction = choose(values);
  Widths widths;
  for (auto i = prediction.skipped(); i < values.size(); ++i) widths.add(zigzag(prediction.residual(values, i)));
  const auto parameter = widths.best_parameter();
  put_head(out, {prediction.form, scale, parameter});
  put_signed(out, prediction.first);
  if (prediction.form != Form::plain) put_signed(out, prediction.step);
  BitWriter bits(out);
  for (auto i = prediction.skipped(); i < values.size(); ++i) bits.put_rice(zigzag(prediction.residual(values, i)), parameter);
  bits.finish();
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
