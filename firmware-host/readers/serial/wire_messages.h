// Between the wire's C structs and the gateway's vocabulary.
//
// Purpose    readings, declarations, results and commands, converted and held against the limits.
// Thread     pure functions.
// Ownership  what is returned owns its strings.
// Limits     limits.h.
// Errors     a record that is no reading says why; a malformed pack is one error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "reading/command.h"
#include "reading/intake.h"
#include "wire/hello.h"

namespace weir::firmware {

/// Consecutive readings of a pack, and what was wrong with records beside them. A record that can't be taken ends a run.
struct WireRun {
  std::uint32_t first = 0;  // number of readings[0]
  std::uint32_t last = 0;   // up to here nothing is left to take
  std::vector<Reading> readings;
  std::vector<std::string> rejected;
};

/// The records from number `from` on. `now` dates what the node gives as ages.
Result<std::vector<WireRun>> readings_from(weir_readings readings, std::uint32_t from, const std::string& device, Timestamp now);

Result<std::vector<DeclaredCommand>> declarations_from(weir_hello hello, const std::string& device);
Result<CommandReply> reply_from(const weir_result& result, const std::string& device);

/// The whole line; an error where it is longer than `frame_bytes_max` allows.
Result<std::string> command_line(const Command& command, Timestamp now, std::size_t frame_bytes_max);

}  // namespace weir::firmware
