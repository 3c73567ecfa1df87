// JSON from outside: parsed within limits.
//
// Purpose    the one door through which JSON text enters (nlohmann-json behind it).
// Thread     pure functions.
// Limits     nesting limits::json_depth_max; the caller limits the size.
// Errors     what is wrong and at which byte. Rejected: invalid UTF-8, NaN, numbers beyond double, trailing text,
//            a member that occurs twice (RFC 8259 section 4 leaves it open; two values for one reading are a fault).
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace weir {

Result<nlohmann::json> parse_json(std::string_view text);

/// The same limits for RFC 8949 CBOR. Integer keys become their decimal text (SenML labels), tags are passed over.
Result<nlohmann::json> parse_cbor(std::string_view bytes);

/// Appends `text` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// The shortest text that reads back as the same double; whole numbers without a fraction. `value` is finite.
void append_json_number(std::string& out, double value);

}  // namespace weir
