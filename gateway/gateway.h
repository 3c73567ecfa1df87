// Gateway: all parts, put together. Only this file and main see everything.
//
// Purpose    `weir run`: opens the log, starts the threads of docs/threads.md, waits for signals, stops in order.
// Thread     create() and wait() on the main thread, which takes SIGTERM, SIGINT (stop) and SIGHUP (reload) by sigwait.
// Ownership  owns every part; they are destroyed in the reverse of the order below.
// Limits     a stop takes at most 5 s.
// Errors     create() says which part can't start and why; a log that fails while running ends the process with 1.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.h"

namespace weir::gateway {

/// Runs until a signal ends it. `file` is read again at SIGHUP. The process's exit code: 0, or 1 after a fault.
int run_gateway(const Config& config, const std::filesystem::path& file);

/// What is known against the libwebsockets that this process runs on, a line each.
std::vector<std::string> known_library_holes();

}  // namespace weir::gateway
