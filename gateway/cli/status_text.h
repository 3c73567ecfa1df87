// The answer of GET /v1/status as lines for people.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace weir::gateway::cli {

/// `endurance`: bytes that the card may be written; 0: not known.
std::string status_text(const nlohmann::ordered_json& status, std::uint64_t endurance);

/// "512 MB", "1.21 GB": three digits at most.
std::string size_text(double bytes);

/// "3 d 4 h", "5 min": its two largest parts.
std::string uptime_text(std::uint64_t seconds);

}  // namespace weir::gateway::cli
