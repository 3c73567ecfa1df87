// What a request's head says of its body.
//
// Purpose    how much follows, or why it is not taken. The library's own reading of these headers is not to be trusted: it takes
//            negative lengths, and waits for 100 MiB where there is none.
// Thread     pure functions.
// Ownership  plain values.
// Limits     limits::http_body_bytes_max; a refused body of up to 64 MiB is passed over, a longer one ends the connection.
// Errors     as problems: 400 (no length), 411 (chunked, or none where there should be one), 413. Source: RFC 9112 section 6.
#pragma once

#include <cstdint>
#include <optional>

#include "server/http/request.h"
#include "server/http/response.h"

namespace weir::gateway {

std::optional<Response> check_body(const Request& request, std::uint64_t& length);

}  // namespace weir::gateway
