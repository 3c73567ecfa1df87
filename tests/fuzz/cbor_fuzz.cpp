// parse_cbor: accepted bytes are written by another encoder and read back as the same document; errors are short.
#include <cstddef>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = weir::parse_cbor({reinterpret_cast<const char*>(data), size});
  if (!parsed) {
    weir::check(parsed.error().message.size() < 256);
    return 0;
  }
  std::string bytes;
  nlohmann::json::to_cbor(*parsed, bytes);
  const auto again = weir::parse_cbor(bytes);
  weir::check(again && *again == *parsed);
  return 0;
}
