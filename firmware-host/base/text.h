// Text from outside: is it UTF-8, is it a name, does it match a glob.
//
// Purpose    the small checks that every way in shares.
// Thread     pure functions.
// Limits     as in limits.h.
// Errors     bool answers only.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace weir {

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// How many bytes from the start are valid UTF-8.
std::size_t utf8_prefix(std::string_view text);

/// How many bytes the first character takes; 0 when it is a control character or not UTF-8.
std::size_t printable_length(std::string_view text);

/// A device or metric name: 1 to limits::name_bytes_max bytes of UTF-8 without control characters.
bool is_name(std::string_view text);

/// `*` any run, `?` one character (byte). Linear in time for each star: no exponential patterns.
bool glob_match(std::string_view pattern, std::string_view text);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

}  // namespace weir
