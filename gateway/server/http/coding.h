// Coding: how the bytes of an answer may be, by Accept-Encoding. RFC 9110 section 12.5.3.
//
// Purpose    gzip, or the bytes as they are.
// Thread     pure.
// Ownership  none.
// Limits     the first 32 codings of a header count.
// Errors     none: whoever refuses everything is given the bytes as they are.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::gateway {

enum class Coding : std::uint8_t { identity, gzip, gzip_only };  // the last: the bytes as they are are refused

/// gzip where the client likes it no less.
Coding negotiate_coding(std::string_view accept_encoding);

/// Of an item of a header, in thousandths: "gzip;q=0.5" -> 500. What is not a weight counts as 1, as most servers do.
int weight_of(std::string_view item);

}  // namespace weir::gateway
