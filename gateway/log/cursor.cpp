#include "log/cursor.h"

#include <array>
#include <charconv>

namespace weir::gateway {

namespace {

constexpr std::size_t epoch_digits = 8;

Error malformed(std::string_view text) {
  return {ErrorCode::invalid,
          "cursor \"" + std::string(text.substr(0, 40)) + "\": must look like \"5f3a9c01-1234\", as a response gave it"};
}

}  // namespace

Result<Cursor> Cursor::parse(std::string_view text) {
  if (text.size() < epoch_digits + 2 || text[epoch_digits] != '-') return malformed(text);
  Cursor cursor;
  const char* dash = text.data() + epoch_digits;
  const char* end = text.data() + text.size();
  const auto epoch = std::from_chars(text.data(), dash, cursor.epoch, 16);
  const auto seq = std::from_chars(dash + 1, end, cursor.seq, 10);
  if (epoch.ec != std::errc{} || epoch.ptr != dash || seq.ec != std::errc{} || seq.ptr != end) return malformed(text);
  return cursor;
}

void append_cursor(std::string& out, Cursor cursor) {
  std::array<char, epoch_digits + 1 + 20> text;
  for (std::size_t i = 0; i < epoch_digits; ++i) {
    text[i] = "0123456789abcdef"[(cursor.epoch >> (4 * (epoch_digits - 1 - i))) & 0xFU];
  }
  text[epoch_digits] = '-';
  const auto [end, error] = std::to_chars(text.data() + epoch_digits + 1, text.data() + text.size(), cursor.seq);
  out.append(text.data(), end);
}

std::string to_string(Cursor cursor) {
  std::string out;
  append_cursor(out, cursor);
  return out;
}

}  // namespace weir::gateway
