// SerialNode: the firmware core on a serial line of this computer.
//
// Purpose    clock, line, sensors and commands around node_core.
// Thread     one; run() until `stop`.
// Ownership  its own.
// Limits     65,536 unacknowledged readings: the oldest go first, counted.
// Errors     run() ends with an error where the line is gone for good.
#pragma once

#include <atomic>

#include "base/result.h"
#include "node/node_options.h"

namespace weir::firmware {

Result<void> run_serial_node(const NodeOptions& options, const std::atomic<bool>& stop);

}  // namespace weir::firmware
