// Reader: one way in, as the gateway sees it.
//
// Purpose    start, stop, send a command to a device it owns, say how it is doing.
// Thread     start(), stop() and send() on the readers' poll loop; status() from any thread.
// Ownership  the gateway owns readers; a reader keeps references to the Context, which outlives it.
// Limits     stop() returns within 2 s.
// Errors     nothing that the world does stops a reader: it retries for ever and tells status().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "reading/command.h"
#include "reading/intake.h"

namespace weir::firmware {

class PollLoop;

/// What readers tell the gateway besides readings. Called on the poll loop or a library's thread.
class CommandListener {
 public:
  virtual ~CommandListener() = default;

  /// A device answered. `committed` is called exactly once, from any thread, when the result is in the log (true)
  /// or could not be taken (false: the device should answer again). A reply to an unknown or finished command is
  /// counted and answered with true.
  virtual void on_reply(CommandReply reply, std::function<void(bool committed)> committed) = 0;

  /// A node declared what it understands; replaces what it declared before.
  virtual void on_declared(std::string device, std::vector<DeclaredCommand> commands) = 0;
};

struct ReaderStatus {
  std::string name;
  std::string kind;   // "mqtt", "serial"
  std::string where;  // url or port, without secrets
  bool connected = false;
  std::string detail;                    // why not connected; empty otherwise
  std::uint64_t messages = 0;            // payloads, lines or frames that came in
  std::uint64_t readings = 0;            // readings handed over and committed
  std::uint64_t losses = 0;              // payloads, lines or frames (or single values) that could not be taken
  std::uint64_t connects = 0;            // times the connection was made
  std::chrono::nanoseconds line_busy{};  // serial: how long the line carried bytes, or waited for an answer to a poll
  std::uint64_t polls = 0, retries = 0, unanswered = 0;  // serial: polls sent, sent again, given up
  std::uint64_t held_back = 0;  // payloads not acknowledged, because they were not committed: they come again
};

/// What every reader is given.
struct ReaderContext {
  PollLoop& loop;
  Intake& intake;
  CommandListener& commands;
  const Clock& clock;
};

class Reader {
 public:
  virtual ~Reader() = default;
  virtual void start() = 0;
  virtual void stop() = 0;
  virtual ReaderStatus status() const = 0;

  /// True when this reader is the way to the device: it has heard from it, or its configuration can address it.
  virtual bool reaches(const std::string& device) const = 0;

  /// Ok: send() can be called with it now. `invalid`: never with this command; anything else: not now. On the poll loop.
  virtual Result<void> ready(const Command& command) const = 0;

  /// False: devices here tell no outcome of a command; only their readings can show one. Any thread.
  virtual bool answers() const { return true; }

  /// Hands a command to the device once. `sent` is called exactly once on the poll loop: ok when it left this machine,
  /// an error when it certainly did not: `invalid`, it never will; anything else, it may be sent again.
  virtual void send(const Command& command, std::function<void(Result<void>)> sent) = 0;
};

}  // namespace weir::firmware
