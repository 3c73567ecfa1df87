#include "decoders/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace weir::firmware {
namespace {

using nlohmann::json;

Error wrong(std::string what) { return Error{ErrorCode::invalid, std::move(what)}; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, {}, lower);
}

std::string_view without_sign(std::string_view word) {
  if (!word.empty() && (word.front() == '+' || word.front() == '-')) word.remove_prefix(1);
  return word;
}

bool is_not_finite(std::string_view word) {
  static constexpr std::array<std::string_view, 3> names = {"nan", "inf", "infinity"};
  return std::ranges::any_of(names, [word](auto name) { return equals_ignoring_case(without_sign(word), name); });
}

template <class Number>
std::pair<bool, std::errc> read_number(std::string_view word, Number& out) {
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), out);
  return {end == word.data() + word.size() && status != std::errc::invalid_argument, status};
}

/// Nothing where the word is not a number at all.
std::optional<Result<Value>> number_from(std::string_view word) {
  const bool plus = !word.empty() && word.front() == '+';
  if (plus && (word.size() < 2 || word[1] == '-')) return std::nullopt;
  if (plus) word.remove_prefix(1);
  std::int64_t integer = 0;
  if (const auto [whole, status] = read_number(word, integer); whole && status == std::errc()) return Value(integer);
  double real = 0;
  const auto [whole, status] = read_number(word, real);
  if (!whole) return std::nullopt;
  if (status != std::errc()) return wrong("a number beyond the range of a double");
  return Value(real);
}

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const bool space = text.front() == '\t' || text.front() == '\n' || text.front() == '\r';
    const auto length = space ? 1 : printable_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

constexpr std::int64_t ns_per_second = 1'000'000'000;
/// How many nanoseconds one unit has, by the size of the number.
std::int64_t unit_ns(double number) {
  const double size = std::abs(number);
  if (size < 1e11) return ns_per_second;
  if (size < 1e14) return 1'000'000;
  return size < 1e17 ? 1'000 : 1;
}

Error out_of_range() { return wrong("time: the year is outside 1678 to 2261"); }

Result<Timestamp> time_from_integer(std::int64_t number) {
  std::int64_t ns = 0;
  if (__builtin_mul_overflow(number, unit_ns(static_cast<double>(number)), &ns)) return out_of_range();
  return from_nanoseconds(ns);
}

Result<Timestamp> time_from_real(double number) {
  const double us = number * (static_cast<double>(unit_ns(number)) / 1000.0);
  if (!(std::abs(us) < 9.2e15)) return out_of_range();
  return from_nanoseconds(std::llround(us) * 1000);
}

Result<Timestamp> time_from_text(std::string_view text) {
  auto time = parse_time(text);
  return time ? std::move(time) : Result<Timestamp>(wrong("time: " + time.error().message));
}

}  // namespace

Result<Value> scalar_from_word(std::string_view word) {
  if (is_not_finite(word)) return wrong("NaN and infinities are not readings");
  if (auto number = number_from(word)) return *std::move(number);
  if (equals_ignoring_case(word, "true")) return Value(true);
  if (equals_ignoring_case(word, "false")) return Value(false);
  if (!is_utf8(word)) return wrong("text that is not UTF-8");
  if (!is_printable(word)) return wrong("text with control characters");
  return Value(std::string(word));
}

Result<Value> scalar_from_json(const json& value) {
  switch (value.type()) {
    case json::value_t::boolean: return Value(value.get<bool>());
    case json::value_t::number_integer: return Value(value.get<std::int64_t>());
    case json::value_t::number_unsigned: {
      const auto number = value.get<std::uint64_t>();
      return std::in_range<std::int64_t>(number) ? Value(static_cast<std::int64_t>(number)) : Value(static_cast<double>(number));
    }
    case json::value_t::number_float: return Value(value.get<double>());
    case json::value_t::string: return Value(value.get_ref<const std::string&>());
    default: return wrong(std::string("value: ") + value.type_name() + " is not a number, boolean or string");
  }
}

Result<Timestamp> time_from_word(std::string_view word) {
  const auto number = is_not_finite(word) ? std::nullopt : number_from(word);
  if (!number) return time_from_text(word);
  if (!*number) return out_of_range();
  const auto& value = number->value();
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return time_from_integer(*integer);
  return time_from_real(std::get<double>(value));
}

Result<Timestamp> time_from_json(const json& value) {
  if (value.is_string()) return time_from_text(value.get_ref<const std::string&>());
  if (!value.is_number())
    return wrong(std::string("time: ") + value.type_name() + " is neither RFC 3339 text nor a number since 1970");
  const auto scalar = scalar_from_json(value);
  if (const auto* integer = std::get_if<std::int64_t>(&scalar.value())) return time_from_integer(*integer);
  return time_from_real(std::get<double>(scalar.value()));
}

bool is_time_name(std::string_view name) { return name == "time" || name == "timestamp" || name == "ts"; }

}  // namespace weir::firmware
