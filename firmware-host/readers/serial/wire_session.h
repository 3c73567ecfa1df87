// WireSession: the gateway's side of the wire protocol. gateway/docs/wire.md.
//
// Purpose    know the node, take its readings in order, acknowledge them after their commit, pass results on.
// Thread     the poll loop.
// Ownership  its frame buffer.
// Limits     one node; frames of WEIR_FRAME_BYTES_MAX.
// Errors     damaged frames are losses (`noise`), malformed ones `undecodable`; what came before the first delimiter
//            after opening may be half a frame and is silent.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "readers/serial/serial_session.h"
#include "wire/hello.h"

namespace weir::firmware {

class WireSession final : public SerialSession {
 public:
  explicit WireSession(SerialServices& services) : services_(services) { opened(); }

  void opened() override;
  void take(std::string_view bytes) override;
  void tick() override;
  bool resume() override { return true; }
  Result<std::string> encode(const Command& command) override;

 private:
  void end_frame();
  void on_message(weir_frame_type type, weir_cbor_reader body);
  void on_hello(weir_cbor_reader body);
  void on_readings(weir_cbor_reader body);
  void on_result(weir_cbor_reader body);
  void on_time(weir_cbor_reader body);

  void take_readings(const weir_readings& readings);
  void begin_at(const weir_readings& readings, std::vector<Loss>& losses);
  void on_committed(std::uint32_t boot, std::uint32_t last, bool committed);
  void acknowledge();
  void acknowledge_result(const std::string& id);
  void ask_hello();
  void send_time(bool want_hello);
  void send(weir_frame& frame);
  void malformed(std::string detail) { services_.lose("undecodable", std::move(detail)); }

  SerialServices& services_;
  std::array<std::uint8_t, WEIR_FRAME_BYTES_MAX> buffer_{};
  weir_cobs_deframer deframer_{};
  bool first_ = true;  // nothing before the first delimiter counts
  std::uint32_t noise_seen_ = 0;

  std::string device_;  // empty: no HELLO since the port was opened
  std::size_t frame_bytes_max_ = WEIR_FRAME_BYTES_MAX;
  Monotonic hello_asked_{};

  std::uint32_t boot_ = 0;
  std::optional<std::uint32_t> expected_;  // the number to be taken next in this boot
  std::optional<std::uint32_t> committed_;
};

}  // namespace weir::firmware
