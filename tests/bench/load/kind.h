// Kind and Mixture: which deliveries clients ask for, and how many of each.
//
// Purpose    "sse=500,websocket=500" on the command line; a bare number means SSE.
// Thread     plain values.
// Ownership  none.
// Limits     none of its own; the descriptors of the process are the limit.
// Errors     parse_mixture throws std::runtime_error naming the kind it doesn't know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weir::bench {

/// `mqtt`: MQTT over WebSocket, of a broker; records are those of generic_record.h.
enum class Kind : std::uint8_t { sse, ndjson, websocket, long_poll, mqtt };

std::string_view to_string(Kind kind);

struct Share {
  Kind kind = Kind::sse;
  std::size_t count = 0;
};
using Mixture = std::vector<Share>;

Mixture parse_mixture(std::string_view text);
std::size_t total(const Mixture& mixture);

}  // namespace weir::bench
