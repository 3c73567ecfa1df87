// parse_time and parse_duration: what is accepted is written and read back as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto time = weir::parse_time(text)) {
    const auto again = weir::parse_time(weir::format_time(*time));
    weir::check(again && *again == *time);
  }
  if (const auto duration = weir::parse_duration(text)) {
    const auto again = weir::parse_duration(weir::format_duration(*duration));
    weir::check(again && *again == *duration);
  }
  return 0;
}
