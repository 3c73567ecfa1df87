// Command: what goes back to a device, and what comes of it.
//
// Purpose    the vocabulary between the gateway's commands/ and the readers that own devices.
// Thread     plain values.
// Ownership  each owns its strings; `args_json` and `result_json` are JSON text within limits.h.
// Limits     a command message to a device is at most limits::serial_line_bytes_max / 2 bytes on serial lines.
// Errors     none.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace weir {

struct Command {
  std::string id;
  std::string device;
  std::string name;
  std::string args_json;  // a JSON object
  Timestamp deadline;
};

struct CommandReply {
  std::string id;
  std::string device;  // who answered, where the reader knows it; empty otherwise
  bool succeeded = false;
  std::string result_json;  // with succeeded: any JSON text, may be empty
  std::string error;        // otherwise: the device's reason
};

enum class ArgumentType { number, integer, boolean, string, enumeration };

struct DeclaredArgument {
  std::string name;
  ArgumentType type = ArgumentType::number;
  std::optional<double> min, max;
  std::string unit;
  std::vector<std::string> values;  // of an enumeration
  bool required = true;
};

/// A command goes out only while a metric of its device says that it may.
struct Interlock {
  std::string metric;  // empty: no interlock
  std::string equals;  // its value as text; empty: any
  std::optional<double> min, max;
  std::chrono::nanoseconds age_max = std::chrono::minutes(1);  // an older value is not known to hold
};

struct DeclaredCommand {
  std::string device;  // a glob in the configuration, a name in a node's HELLO
  std::string name;
  std::vector<DeclaredArgument> args;
  std::string state_metric;  // read back to verify; empty: none
  bool dangerous = false;
  Interlock interlock = {};
};

}  // namespace weir
