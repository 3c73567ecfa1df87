// Cursor: a place in the log, as clients keep it: `epoch-seq`, "5f3a9c01-1234".
//
// Purpose    names the last record that a client has; "5f3a9c01-0" is before the first.
// Thread     plain value.
// Limits     the epoch is 8 hexadecimal digits, made when the log is created; the sequence starts at 1.
// Errors     parse says what a cursor looks like.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::gateway {

struct Cursor {
  std::uint32_t epoch = 0;
  std::uint64_t seq = 0;

  static Result<Cursor> parse(std::string_view text);
  friend bool operator==(const Cursor&, const Cursor&) = default;
};

std::string to_string(Cursor cursor);
void append_cursor(std::string& out, Cursor cursor);

}  // namespace weir::gateway
