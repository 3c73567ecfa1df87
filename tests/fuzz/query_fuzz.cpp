// Any text as the query of a URL and as a WebSocket subscription; what a cursor parses to reads back the same.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "stream/query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  using namespace weir::gateway;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto parameters = parse_url_query(text)) (void)parse_stream_query(*parameters, {});
  (void)parse_stream_query({}, text);
  if (const auto message = parse_json(text); message && message->is_object()) (void)parse_subscribe(*message);
  if (const auto cursor = Cursor::parse(text); cursor && to_string(*cursor) != text) __builtin_trap();
  return 0;
}
