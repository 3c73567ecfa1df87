// StreamQuery: the parameters of CONTRACT 4.1, from a URL or from a WebSocket subscribe message.
//
// Purpose    one set of names and one set of messages for every transport.
// Thread     plain value.
// Limits     as stated in the contract; `every` and `flush` at most a day, `rate` at most 1,000,000, a consumer's name 1 to 64
//            of [A-Za-z0-9._-]. Beyond them: an error that names the parameter.
// Errors     `invalid` with the parameter's name, what it is and what it may be. Unknown parameters (with
//            the nearest known one) and repeated ones are errors; so is `since` beside `after`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "base/time.h"
#include "log/cursor.h"
#include "stream/filter.h"

namespace weir::gateway {

enum class Start { standard, now, earliest, cursor, time };  // standard: `now` for streams, `earliest` for pages

struct StreamQuery {
  Start start = Start::standard;
  Cursor after;     // Start::cursor
  Timestamp since;  // Start::time
  Filter filter;
  std::size_t limit = 0;  // 0: the default
  std::chrono::seconds wait{0};
  std::optional<Cursor> until;
  unsigned rate = 0;  // records a second; 0: unlimited
  std::string consumer;
  std::chrono::nanoseconds every{0};
  std::chrono::nanoseconds flush{0};
  bool latest_when_behind = false;
  bool snapshot = false;
};

/// 1 to 64 of [A-Za-z0-9._-].
bool is_consumer_name(std::string_view text);

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Percent-decoding included ('+' is a space); at most 64 parameters.
Result<Parameters> parse_url_query(std::string_view query);

/// `last_event_id` wins over `after` and `since`, which an EventSource repeats when it reconnects; empty: none.
Result<StreamQuery> parse_stream_query(const Parameters& parameters, std::string_view last_event_id);

/// The members of `{"op":"subscribe",…}` besides op and id; strings, numbers and booleans as in the URL.
Result<StreamQuery> parse_subscribe(const nlohmann::json& message);

}  // namespace weir::gateway
