// Scalars: one value or one time, from a bare word or a JSON scalar. What the text formats agree on.
//
// Purpose    `21.5` is a number, `7` an integer, `true` and `false` (in any case) are booleans. Everything else is text
//            as it was sent: `on`, `OFF`, `open` are not guessed to be booleans, for nobody knows which way a contact is.
// Thread     pure functions.
// Limits     integers are 64 bits; beyond them a number is a double.
// Errors     NaN, infinities and numbers beyond a double are no values; nor is text that is not printable UTF-8.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "base/time.h"
#include "reading/reading.h"

namespace weir::firmware {

Result<Value> scalar_from_word(std::string_view word);
Result<Value> scalar_from_json(const nlohmann::json& value);

/// RFC 3339 text, or a number since 1970 in seconds, milliseconds, microseconds or nanoseconds, told apart by its size:
/// from 1973 to 5138 they do not overlap. A number with a fraction is rounded to microseconds, as far as a double goes.
Result<Timestamp> time_from_word(std::string_view word);
Result<Timestamp> time_from_json(const nlohmann::json& value);

/// `time`, `timestamp` and `ts` hold the time where a format has no other place for it.
bool is_time_name(std::string_view name);

}  // namespace weir::firmware
