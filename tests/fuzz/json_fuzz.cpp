// parse_json: accepted text is written and read back as the same document; errors are short.
#include <cstddef>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = weir::parse_json({reinterpret_cast<const char*>(data), size});
  if (!parsed) {
    weir::check(parsed.error().message.size() < 256);
    return 0;
  }
  const auto again = weir::parse_json(parsed->dump());
  weir::check(again && *again == *parsed);
  return 0;
}
