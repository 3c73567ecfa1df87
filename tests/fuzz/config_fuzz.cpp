// Any text as weir.toml: faults or a configuration that prints and describes itself.
#include "config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::gateway;
  const auto loaded = load_config({reinterpret_cast<const char*>(data), size}, "weir.toml");
  for (const auto& fault : loaded.faults) (void)to_string(fault, "weir.toml");
  if (!loaded.faults.empty()) return 0;
  const auto again = load_config(print_config(loaded.config), "weir.toml");
  (void)describe_exposure(loaded.config);
  (void)again;
  return 0;
}
