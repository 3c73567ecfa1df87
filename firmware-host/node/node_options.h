// The command line of weir-node.
//
// Purpose    text -> plain options; the help text.
// Thread     pure functions.
// Ownership  plain values.
// Limits     64 channels, 1,000,000 Hz.
// Errors     says which option is wrong and what it takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::firmware {

struct NodeOptions {
  std::string serial;  // a port's path, or "pty"; empty: MQTT
  std::string mqtt;    // mqtt://host:port; empty: serial
  std::string id = "node-1";
  double rate = 1;  // samples of each channel a second; 0: as fast as they are taken
  std::size_t channels = 3;
  unsigned baud = 115200;
  std::uint64_t count = 0;  // readings to stop after; 0: never
  std::optional<std::uint64_t> faults;
  std::string link;
  std::string replay;
  std::string metric = "value";  // of a replay
  bool json = false;             // MQTT payloads
};

Result<NodeOptions> parse_node_options(const std::vector<std::string_view>& arguments);
std::string_view node_help();

}  // namespace weir::firmware
