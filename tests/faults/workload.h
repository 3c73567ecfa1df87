// Workload: what a script appends, made of a seed, so that every record of it can be told from every other and held
// against what it should be.
//
// Purpose    the same content for every proof: readings of all types, of nodes that number them, events, commands, marks of
//            consumers, idempotency keys.
// Thread     pure functions.
// Ownership  plain values.
// Limits     none.
// Errors     none.
#pragma once

#include <cstdint>

#include "log/log.h"

namespace weir::faults {

struct Source {
  std::uint64_t seed = 0;
  unsigned writer = 0;
  unsigned text_bytes = 0;  // of each text; larger ones fill a journal sooner
};

/// The append of this writer with this number, from 1.
gateway::Append append_of(const Source& source, std::uint64_t number);

// What the appends of these numbers have besides readings.
bool has_key(std::uint64_t number);
bool has_consumer_mark(std::uint64_t number);
bool has_command(std::uint64_t number);
std::string key_of(const Source& source, std::uint64_t number);
std::string consumer_of(const Source& source);
std::string command_of(const Source& source, std::uint64_t number);
/// Every other writer is a node; it sends this many readings each time.
bool is_node(const Source& source);
inline constexpr std::uint32_t node_readings = 6;

}  // namespace weir::faults
