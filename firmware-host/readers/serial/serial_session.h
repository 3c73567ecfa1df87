// SerialSession: what the bytes of an open port mean; one for each framing.
//
// Purpose    the boundary between the port (opened, written, lost by SerialReader) and its protocol.
// Thread     the poll loop.
// Ownership  the reader owns its session and outlives it; services are the reader.
// Limits     each session states its own.
// Errors     what cannot be taken goes to lose(): counted, never thrown.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "readers/reader.h"

namespace weir::firmware {

/// What a session is given.
class SerialServices {
 public:
  virtual ~SerialServices() = default;

  /// All of it or nothing: false while too much waits to be written.
  virtual bool write(std::string bytes) = 0;
  /// `done` runs on the loop, unless the reader was stopped meanwhile. Refused: nothing was taken.
  virtual Result<void> deliver(Delivery&& delivery, std::function<void(bool committed)> done) = 0;
  virtual void reply(CommandReply reply, std::function<void(bool committed)> done) = 0;
  virtual void declare(const std::string& device, std::vector<DeclaredCommand> commands) = 0;
  virtual void lose(std::string_view reason, std::string detail, std::uint64_t count = 1) = 0;
  /// A line or frame came in.
  virtual void count_message() = 0;
  /// Heard from for the first time since the port was opened; false: there are too many devices.
  virtual bool heard(const std::string& device) = 0;
  virtual void gone(const std::string& device) = 0;
  /// Stops taking bytes for a while; the session is asked again by resume().
  virtual void hold_back() = 0;

  virtual Timestamp wall() const = 0;
  virtual Monotonic monotonic() const = 0;
};

class SerialSession {
 public:
  virtual ~SerialSession() = default;
  virtual void opened() = 0;
  virtual void take(std::string_view bytes) = 0;
  /// Every 250 ms while the port is open.
  virtual void tick() = 0;
  /// After hold_back(); true: go on reading.
  virtual bool resume() = 0;
  /// The bytes that carry the command.
  virtual Result<std::string> encode(const Command& command) = 0;
};

}  // namespace weir::firmware
