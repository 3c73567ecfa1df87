// The reference node on MQTT.
//
// Purpose    publish sensors/{id}/{metric} at QoS 1, keep what is not acknowledged, execute commands at most once.
// Thread     one; run until `stop`.
// Ownership  its own.
// Limits     65,536 unacknowledged messages: the oldest go first, counted; 90 under way; the last 64 commands are known.
// Errors     only at the start; a broker that is away is tried again for ever.
#pragma once

#include <atomic>

#include "base/result.h"
#include "node/node_options.h"

namespace weir::firmware {

Result<void> run_mqtt_node(const NodeOptions& options, const std::atomic<bool>& stop);

}  // namespace weir::firmware
