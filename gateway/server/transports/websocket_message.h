// WebSocket messages and frames. CONTRACT 4.2, RFC 6455, RFC 8949.
//
// Purpose    one frame for each message; the same members as JSON text or as CBOR.
// Thread     pure functions.
// Limits     none of their own: what goes in is bounded by its source.
// Errors     parse_message says what is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "log/cursor.h"
#include "stream/format.h"

namespace weir::gateway {

/// An unmasked, final frame with this payload: text for JSON, binary for CBOR. RFC 6455 section 5.2. `compressed`: RSV1, RFC
/// 7692.
void append_frame(std::string& out, Format format, std::string_view payload, bool compressed = false);

/// {"op":"records","id":…,"cursor":…,"records":[…]}: `records` are `count` encoded ones, as append_record() put them there.
std::string records_message(Format format, std::string_view id, Cursor cursor, std::string_view records, std::size_t count);
void append_record(std::string& records, Format format, std::string_view text, std::size_t index);

std::string encode_message(Format format, const nlohmann::json& message);
Result<nlohmann::json> parse_message(Format format, std::string_view bytes);

}  // namespace weir::gateway
