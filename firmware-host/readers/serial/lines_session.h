// LinesSession: text lines, each decoded by itself.
//
// Purpose    split at LF, CR or CRLF; decode; a JSON line with `id` and `ok` answers a command.
// Thread     the poll loop.
// Ownership  owns its decoder.
// Limits     limits::serial_line_bytes_max: a longer line is dropped to its end and counted (`noise`).
// Errors     undecodable lines are counted losses; the first line after opening may be half a line: silent if it fails.
//            A full log holds the port back: the kernel keeps what the device sends meanwhile.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "decoders/decoder.h"
#include "readers/serial/serial_options.h"
#include "readers/serial/serial_session.h"

namespace weir::firmware {

class LinesSession final : public SerialSession {
 public:
  static Result<std::unique_ptr<SerialSession>> create(const Mapping& mapping, SerialServices& services);

  void opened() override;
  void take(std::string_view bytes) override;
  void tick() override {}
  bool resume() override;
  Result<std::string> encode(const Command& command) override;

 private:
  LinesSession(const Mapping& mapping, std::unique_ptr<Decoder> decoder, SerialServices& services);
  void take_piece(std::string_view piece);
  void end_line();
  void take_line(std::string_view line);
  bool take_reply(std::string_view line);
  void decode(std::string_view line);
  bool deliver();

  SerialServices& services_;
  const std::string device_;
  const std::string metric_;
  const std::unique_ptr<Decoder> decoder_;
  std::string line_;
  bool overlong_ = false;
  bool first_ = true;
  Delivery pending_;  // decoded, not yet taken by the intake
};

}  // namespace weir::firmware
