// A record as a line for people.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace weir::gateway::cli {

/// "2026-11-21T10:11:12.5Z boiler temperature 81.5 Cel"; other kinds name themselves. Control characters are escaped:
/// a device's name must not drive the terminal.
std::string record_text(const nlohmann::ordered_json& record);

/// A member as text; empty where there is none.
std::string member_text(const nlohmann::ordered_json& object, const char* name);

}  // namespace weir::gateway::cli
