// Opening a serial port: raw, 8N1, any rate, for this process alone.
//
// Purpose    the one place that knows the kernel's terminal interface (termios2).
// Thread     any; does not block.
// Ownership  the caller closes the descriptor.
// Limits     none.
// Errors     not_found (no such port), unavailable (in use, unplugged), invalid (no terminal, no such rate), io: with
//            the path and what to do.
#pragma once

#include <string>

#include "base/result.h"

namespace weir::firmware {

/// Non-blocking; bytes from before are discarded.
Result<int> open_serial_port(const std::string& path, unsigned baud);

}  // namespace weir::firmware
