// Server: libwebsockets on its own libev loop; one thread, all transports.
//
// Purpose    routes of CONTRACT 4, streams, pushes, commands, the dashboard.
// Thread     run() is the `server` thread; wake() and stop() from any thread; all else on it.
// Ownership  keeps references to everything in ServerContext, which outlives it.
// Limits     those of the options, limits.h.
//            Destroyed when no other thread opens or closes files any more (the log is closed, the readers have ended).
// Errors     create() fails where an address can't be bound or a certificate can't be read, saying which.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "access/access.h"
#include "access/audit.h"
#include "base/result.h"
#include "commands/commands.h"
#include "config/config.h"
#include "log/log.h"
#include "readers/reader.h"
#include "stream/latest.h"

namespace weir::gateway {

struct Readiness {
  bool ready = true;
  std::vector<std::string> reasons;  // why not
};

struct ServerContext {
  const ServerOptions& options;
  Log& log;
  Latest& latest;
  Access& access;
  Audit& audit;
  Commands& commands;
  const Clock& clock;
  std::function<std::vector<firmware::ReaderStatus>()> readers;  // any thread
  std::function<Readiness()> readiness;                          // any thread, does not block
  LogOptions log_options;                                        // what the log was opened with, for people to see
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> create(ServerContext context);
  virtual ~Server() = default;

  virtual void run() = 0;
  virtual void wake() = 0;                               // the log has grown
  virtual void reload_certificate() = 0;                 // any thread: reads the files of `tls` again
  virtual void stop() = 0;                               // 1001 to WebSockets, a last comment to SSE, at most 2 s
  virtual std::uint64_t turns() const = 0;               // for the watchdog; any thread
  virtual std::vector<std::uint16_t> ports() const = 0;  // in the order of `listen`; port 0 was replaced by the one given
};

}  // namespace weir::gateway
