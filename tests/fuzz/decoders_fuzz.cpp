// Any bytes through every decoder and both push parsers: what comes out is within the limits.

#include "base/limits.h"
#include "decoders/decoder.h"
#include "decoders/push.h"

namespace {

using namespace weir;

const std::vector<std::unique_ptr<firmware::Decoder>>& decoders() {
  static const auto all = [] {
    std::vector<std::unique_ptr<firmware::Decoder>> made;
    for (const auto name : firmware::decoder_names()) {
      firmware::Mapping mapping;
      mapping.decode = name;
      mapping.device = "device";
      mapping.columns = {"time", "a", "-", "b"};
      if (auto decoder = firmware::make_decoder(mapping)) made.push_back(std::move(*decoder));
    }
    return made;
  }();
  return all;
}

void check(const std::vector<Reading>& readings) {
  if (readings.size() > limits::readings_per_message_max) __builtin_trap();
  for (const auto& reading : readings)
    if (!check_reading(reading)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  for (const auto& decoder : decoders()) {
    for (const auto* metric : {"", "metric", "/metric"}) {
      firmware::Decoded decoded;
      decoder->decode(payload, "device", metric, decoded);
      check(decoded.readings);
    }
  }
  for (const auto parse : {firmware::parse_push_json, firmware::parse_push_ndjson})
    if (const auto readings = parse(payload)) check(*readings);
  return 0;
}
