// Push: the bodies of POST /v1/readings. CONTRACT 4.3.
//
// Purpose    one object, an array or a line each of {"device","metric","value","time"?,"unit"?,"quality"?}.
// Thread     pure functions.
// Limits     limits.h: readings_per_message_max, names, values, depth; the caller limits the body.
// Errors     all or nothing: `invalid`, naming the first bad one, counted from 1 ("reading 3: value: is missing").
//            A member that nobody knows is an error, for a misspelt `time` would be lost without a word.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "reading/reading.h"

namespace weir::firmware {

/// application/json. An empty array is no readings, not an error.
Result<std::vector<Reading>> parse_push_json(std::string_view body);

/// application/x-ndjson; empty lines are passed over.
Result<std::vector<Reading>> parse_push_ndjson(std::string_view body);

}  // namespace weir::firmware
