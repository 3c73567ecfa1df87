// What `weir send` makes of its words.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace weir::gateway::cli {

/// "target=60 mode=eco on=true" -> {"target":60,"mode":"eco","on":true}. What is a JSON value is taken as it is, all else as
/// text; the text 60 is written '"60"'.
Result<nlohmann::ordered_json> command_arguments(const std::vector<std::string>& words);

}  // namespace weir::gateway::cli
