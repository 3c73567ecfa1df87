// Negotiation: which delivery of /v1/stream an Accept header asks for. CONTRACT 4.1, RFC 9110 section 12.5.1.
//
// Purpose    one resource, every delivery.
// Thread     pure.
// Limits     the first 32 media ranges count.
// Errors     nothing: none of the deliveries is acceptable (406).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::gateway {

enum class Delivery : std::uint8_t { page, ndjson, sse };

/// The highest weight wins, then the more specific range, then the order in the header. Absent, `*/*`: a page.
std::optional<Delivery> negotiate(std::string_view accept);

}  // namespace weir::gateway
