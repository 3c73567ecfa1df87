// Problem: errors as RFC 9457 documents.
//
// Purpose    one shape of error on every route and in WebSocket messages.
// Thread     pure functions.
// Limits     none.
// Errors     none. `type` is about:blank, so `title` is the status phrase (RFC 9457 section 4.2.1); `detail` says what to do.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/http/response.h"

namespace weir::gateway {

/// {"type":"about:blank","title":"Bad Request","status":400,"detail":"…"}
std::string problem_json(unsigned status, std::string_view detail);

Response problem(unsigned status, std::string_view detail);
Response problem(const Error& error);

/// 429 or 503, with Retry-After.
Response busy(unsigned status, std::string_view detail, std::chrono::seconds retry_after);

/// Whole seconds, at random: who was refused together does not come back together.
std::chrono::seconds retry_between(unsigned least, unsigned most);

unsigned status_of(ErrorCode code);

}  // namespace weir::gateway
