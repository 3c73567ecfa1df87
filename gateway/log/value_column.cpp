#include <algorithm>
#include <bit>
#include <cassert>
#include <unordered_map>

#include "base/limits.h"
#include "log/bit_stream.h"
#include "log/columns.h"

// A column of values: a byte that says which type all have, then
//   numbers   as put_doubles       integers  as put_integers
//   flags     the first, how many runs there are, and their lengths, integers
//   texts     how many different ones, these, and which one each value is, integers
//   mixed     the type of each value, integers; then a column of each type that is there
namespace weir::gateway {

namespace {

enum class Type : std::uint8_t { number = 0, integer = 1, flag = 2, text = 3 };  // as in Value
constexpr std::uint8_t type_count = 4;
constexpr std::uint8_t mixed = type_count;

Type type_of(const Value& value) { return static_cast<Type>(value.index()); }

/// The values of one type in a column, and what is made of them. One for each thread: its memory is used again.
struct Scratch {
  std::vector<double> numbers;
  std::vector<std::int64_t> integers, types;
  std::vector<std::string_view> texts;
  std::unordered_map<std::string_view, std::int64_t> places;
};
thread_local Scratch scratch;

template <class T, class Use>
void each(std::span<const Value> values, Use use) {
  for (const auto& value : values) {
    if (const auto* held = std::get_if<T>(&value)) use(*held);
  }
}

template <class T>
void put_plain(std::string& out, std::span<const Value> values, std::vector<T>& column,
               void (*put)(std::string&, std::span<const T>)) {
  column.clear();
  each<T>(values, [&](T value) { column.push_back(value); });
  put(out, column);
}

void put_flags(std::string& out, std::span<const Value> values) {
  auto& runs = scratch.integers;
  runs.clear();
  bool first = false, now = false;
  each<bool>(values, [&](bool flag) {
    if (runs.empty()) first = now = flag, runs.push_back(0);
    if (flag != now) now = flag, runs.push_back(0);
    ++runs.back();
  });
  out.push_back(first ? 1 : 0);
  put_varint(out, runs.size());
  put_integers(out, runs);
}

/// Which of the column's texts this is; few are looked through, many are hashed.
std::int64_t place_of(std::string_view text) {
  auto& texts = scratch.texts;
  auto& places = scratch.places;
  constexpr std::size_t few = 8;
  if (texts.size() <= few) {
    const auto found = std::find(texts.begin(), texts.end(), text);
    if (found != texts.end()) return found - texts.begin();
  } else if (const auto found = places.find(text); found != places.end()) {
    return found->second;
  }
  texts.push_back(text);
  if (texts.size() == few + 1) {
    for (std::size_t i = 0; i < few; ++i) places.emplace(texts[i], i);
  }
  if (texts.size() > few) places.emplace(text, texts.size() - 1);
  return static_cast<std::int64_t>(texts.size()) - 1;
}

void put_texts(std::string& out, std::span<const Value> values) {
  auto& integers = scratch.integers;
  auto& texts = scratch.texts;
  integers.clear(), texts.clear(), scratch.places.clear();
  each<std::string>(values, [&](const std::string& text) { integers.push_back(place_of(text)); });
  put_varint(out, texts.size());
  for (const auto text : texts) put_text(out, text);
  put_integers(out, integers);
}

void put_typed(std::string& out, Type type, std::span<const Value> values) {
  switch (type) {
    case Type::number: return put_plain(out, values, scratch.numbers, put_doubles);
    case Type::integer: return put_plain(out, values, scratch.integers, put_integers);
    case Type::flag: return put_flags(out, values);
    case Type::text: return put_texts(out, values);
  }
}

void put_mixed(std::string& out, std::span<const Value> values) {
  auto& types = scratch.types;
  types.clear();
  for (const auto& value : values) types.push_back(static_cast<std::int64_t>(value.index()));
  put_integers(out, types);
  for (std::uint8_t type = 0; type < type_count; ++type) {
    const auto present = std::find(types.begin(), types.end(), type) != types.end();
    if (present) put_typed(out, static_cast<Type>(type), values);
  }
}

// Of all values of one type, as if they were a column; `give` takes them in order.

template <class T, class Give>
void read_plain(ByteReader& in, std::size_t count, Give give, std::vector<T>& column,
                void (*read)(ByteReader&, std::size_t, std::vector<T>&)) {
  read(in, count, column);
  if (!in.ok()) return;
  for (const auto value : column) give() = value;
}

template <class Give>
void read_flags(ByteReader& in, std::size_t count, Give give) {
  auto& runs = scratch.integers;
  bool now = in.byte() != 0;
  const auto run_count = in.varint();
  if (run_count > count) return in.fail();
  read_integers(in, run_count, runs);
  if (!in.ok()) return;
  std::size_t left = count;
  for (const auto run : runs) {
    if (run <= 0 || static_cast<std::uint64_t>(run) > left) return in.fail();
    left -= static_cast<std::size_t>(run);
    for (auto i = run; i > 0; --i) give() = now;
    now = !now;
  }
  if (left != 0) in.fail();
}

template <class Give>
void read_texts(ByteReader& in, std::size_t count, Give give) {
  auto& integers = scratch.integers;
  auto& texts = scratch.texts;
  const auto different = in.varint();
  if (different > count) return in.fail();
  texts.clear();
  for (std::uint64_t i = 0; i < different && in.ok(); ++i) {
    texts.push_back(in.text());
    if (texts.back().size() > limits::string_value_bytes_max) in.fail();
  }
  read_integers(in, count, integers);
  if (!in.ok()) return;
  for (const auto place : integers) {
    if (static_cast<std::uint64_t>(place) >= texts.size()) return in.fail();
    give() = std::string(texts[static_cast<std::size_t>(place)]);
  }
}

template <class Give>
void read_typed(ByteReader& in, Type type, std::size_t count, Give give) {
  switch (type) {
    case Type::number: return read_plain(in, count, give, scratch.numbers, read_doubles);
    case Type::integer: return read_plain(in, count, give, scratch.integers, read_integers);
    case Type::flag: return read_flags(in, count, give);
    case Type::text: return read_texts(in, count, give);
  }
}

void read_mixed(ByteReader& in, std::size_t count, std::vector<Value>& out) {
  auto& types = scratch.types;
  read_integers(in, count, types);
  if (!in.ok()) return;
  std::size_t found = 0;
  for (std::uint8_t type = 0; type < type_count && in.ok(); ++type) {
    const auto of_type = static_cast<std::size_t>(std::count(types.begin(), types.end(), type));
    found += of_type;
    std::size_t next = 0;
    const auto give = [&]() -> Value& {
      while (types[next] != type) ++next;
      return out[next++];
    };
    if (of_type != 0) read_typed(in, static_cast<Type>(type), of_type, give);
  }
  if (found != count) in.fail();
}

}  // namespace

void put_values(std::string& out, std::span<const Value> values) {
  assert(values.size() <= column_values_max);
  if (values.empty()) return;
  const auto type = type_of(values[0]);
  const bool all = std::all_of(values.begin(), values.end(), [&](const Value& value) { return type_of(value) == type; });
  out.push_back(static_cast<char>(all ? static_cast<std::uint8_t>(type) : mixed));
  if (all) return put_typed(out, type, values);
  put_mixed(out, values);
}

void read_values(ByteReader& in, std::size_t count, std::vector<Value>& out) {
  out.clear();
  if (count == 0) return;
  if (count > column_values_max) return in.fail();
  const auto type = in.byte();
  if (!in.ok() || type > mixed) return in.fail();
  out.resize(count);
  if (type == mixed) return read_mixed(in, count, out);
  std::size_t next = 0;
  read_typed(in, static_cast<Type>(type), count, [&]() -> Value& { return out[next++]; });
}

}  // namespace weir::gateway
