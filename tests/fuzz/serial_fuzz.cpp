// A whole session of a serial port: whatever the device sends, readings are within the limits and memory does not grow.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/limits.h"
#include "check.h"
#include "readers/serial/lines_session.h"
#include "readers/serial/wire_session.h"
#include "wire/frame.h"

namespace {

using namespace weir;
using namespace weir::firmware;

/// Commits everything, and holds every reading against the limits.
class Services final : public SerialServices {
 public:
  bool write(std::string bytes) override {
    check(bytes.size() <= WEIR_LINE_BYTES_MAX);
    return true;
  }
  Result<void> deliver(Delivery&& delivery, std::function<void(bool)> done) override {
    for (const auto& reading : delivery.readings) check(check_reading(reading).ok());
    done(true);
    return {};
  }
  void reply(CommandReply, std::function<void(bool)> done) override { done(true); }
  void declare(const std::string&, std::vector<DeclaredCommand>) override {}
  void lose(std::string_view, std::string detail, std::uint64_t) override { check(detail.size() < 8192); }
  void count_message() override {}
  bool heard(const std::string& device) override {
    check(!device.empty() && device.size() <= limits::name_bytes_max);
    return true;
  }
  void gone(const std::string&) override {}
  void hold_back() override {}
  Timestamp wall() const override { return from_nanoseconds(1'795'255'200'000'000'000); }
  Monotonic monotonic() const override { return {}; }
};

void run_lines(std::string_view bytes) {
  Services services;
  Mapping mapping;
  mapping.decode = "json";
  mapping.device = "meter";
  const auto session = std::move(LinesSession::create(mapping, services)).value();
  session->opened();
  session->take(bytes.substr(0, bytes.size() / 2));
  session->take(bytes.substr(bytes.size() / 2));
}

/// The input is bodies: a byte for the type, a byte for the length; the frames around them are good.
void run_wire(std::string_view bytes) {
  Services services;
  WireSession session(services);
  session.take(std::string_view("\0", 1));
  while (bytes.size() >= 2) {
    weir_frame frame;
    const auto type = static_cast<weir_frame_type>(1U + static_cast<unsigned char>(bytes[0]) % WEIR_TIME);
    const auto size = std::min<std::size_t>(static_cast<unsigned char>(bytes[1]), bytes.size() - 2);
    weir_frame_begin(&frame, type);
    weir_cbor_put_raw(&frame.body, reinterpret_cast<const std::uint8_t*>(bytes.data()) + 2, size);
    std::string line(WEIR_LINE_BYTES_MAX, '\0');
    line.resize(weir_frame_finish(&frame, reinterpret_cast<std::uint8_t*>(line.data())));
    session.take(line);
    bytes.remove_prefix(2 + size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  WEIR_LINES ? run_lines(bytes) : run_wire(bytes);
  return 0;
}
