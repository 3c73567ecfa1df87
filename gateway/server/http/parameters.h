// Parameters of a request's URL, checked: each is known, given once, and of its type.
//
// Purpose    one set of messages for every route that is asked with parameters.
// Thread     pure functions.
// Ownership  views point into the Request.
// Limits     times from 1970 to before 2200: readings are of 2000 to 2099 (limits.h).
// Errors     `invalid`, with the parameter's name and what it may be.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "server/http/request.h"

namespace weir::gateway {

/// None but these, and none twice.
Result<void> check_parameters(const Request& request, std::initializer_list<std::string_view> known);

/// The same, with the names of a route: "device,state"; empty: none.
Result<void> check_parameters(const Request& request, std::string_view known);

/// Absent: `otherwise`.
Result<std::uint64_t> whole_parameter(const Request& request, std::string_view name, std::uint64_t least, std::uint64_t most,
                                      std::uint64_t otherwise);

/// RFC 3339, "now", or a duration back from now as "-24h". Absent: `otherwise`.
Result<Timestamp> time_parameter(const Request& request, std::string_view name, Timestamp now, Timestamp otherwise);

Error invalid_parameter(std::string_view name, std::string_view what);

}  // namespace weir::gateway
