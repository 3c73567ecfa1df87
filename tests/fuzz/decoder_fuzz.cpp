// One decoder (WEIR_FORMAT): any payload gives readings within the limits and rejections that can be shown.
#include <cstddef>
#include <cstdint>

#include "base/limits.h"
#include "base/text.h"
#include "check.h"
#include "decoders/decoder.h"

namespace {

using weir::firmware::Decoder;
using weir::firmware::Mapping;

/// With a metric, without one, and with pointers where the format follows them.
std::vector<std::unique_ptr<Decoder>> decoders() {
  Mapping named, members, pointing;
  named.decode = members.decode = pointing.decode = WEIR_FORMAT;
  named.device = members.device = "d";
  named.metric = "m";
  named.columns = {"time", "a"};
  members.columns = {"a", "-", "time", "b"};
  pointing.device = "/id";
  pointing.metric = "/n";
  pointing.value = "/v";
  pointing.time = "/t";
  std::vector<std::unique_ptr<Decoder>> out;
  for (const auto& mapping : {named, members, pointing}) {
    if (auto decoder = weir::firmware::make_decoder(mapping)) out.push_back(std::move(decoder).value());
  }
  return out;
}

void check_all(const weir::firmware::Decoded& decoded) {
  weir::check(decoded.readings.size() + decoded.rejected.size() <= weir::limits::readings_per_message_max + 1);
  for (const auto& reading : decoded.readings) weir::check(weir::check_reading(reading).ok());
  for (const auto& rejected : decoded.rejected) {
    weir::check(weir::is_utf8(rejected.detail) && rejected.detail.size() <= 512);
    weir::check(rejected.metric.empty() || weir::is_name(rejected.metric));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto all = decoders();
  for (const auto& decoder : all) {
    weir::firmware::Decoded decoded;
    decoder->decode({reinterpret_cast<const char*>(data), size}, "d", decoder == all.front() ? "m" : "", decoded);
    check_all(decoded);
  }
  return 0;
}
