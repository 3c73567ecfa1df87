// CommandRequest from a message: the members of POST /v1/devices/{device}/commands and of {"op":"command"}.
//
// Purpose    one reading of them for both.
// Thread     pure.
// Limits     names as everywhere; timeout 1 s to 24 h (commands/).
// Errors     `invalid`, with the member's name.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "access/access.h"
#include "base/result.h"
#include "commands/commands.h"

namespace weir::gateway {

/// Commands are records: a scope of kinds must have them, and one of devices the device.
inline bool may_command(const Scope& scope, std::string_view device) {
  return scope.has_kind("command") && scope.has_device(device);
}

/// `device` empty: the message names it.
Result<CommandRequest> parse_command(const nlohmann::json& message, std::string device);

}  // namespace weir::gateway
