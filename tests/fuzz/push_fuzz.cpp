// Pushed bodies: every accepted reading is within the limits.
#include <cstddef>
#include <cstdint>

#include "base/limits.h"
#include "check.h"
#include "decoders/push.h"

namespace {

void check_all(const weir::Result<std::vector<weir::Reading>>& parsed) {
  if (!parsed) return weir::check(parsed.error().message.size() < 512);
  weir::check(parsed->size() <= weir::limits::readings_per_message_max);
  for (const auto& reading : *parsed) weir::check(weir::check_reading(reading).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  check_all(weir::firmware::parse_push_json(body));
  check_all(weir::firmware::parse_push_ndjson(body));
  return 0;
}
