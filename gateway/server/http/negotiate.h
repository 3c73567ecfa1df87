// Negotiation: which form an Accept header asks for. CONTRACT 4.1, RFC 9110 section 12.5.1.
//
// Purpose    one resource, every delivery; one history, every file.
// Thread     pure.
// Limits     the first 32 media ranges count.
// Errors     nothing: none of what is offered is acceptable (406).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weir::gateway {

struct MediaType {
  std::string_view name;   // "text/csv"
  std::string_view group;  // "text/*", where this is what it stands for; empty: nothing does but the name
};

/// Which of `offered`: the highest weight wins, then the more specific range, then the order in the header. Absent, `*/*`: the
/// first.
std::optional<std::size_t> negotiate_type(std::string_view accept, std::span<const MediaType> offered);

enum class Delivery : std::uint8_t { page, ndjson, sse };

/// Absent, `*/*`: a page.
std::optional<Delivery> negotiate(std::string_view accept);

}  // namespace weir::gateway
