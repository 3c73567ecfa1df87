// What the configuration says of one MQTT broker; plain data, validated by gateway/config.
#pragma once

#include <string>
#include <vector>

#include "decoders/decoder.h"
#include "reading/command.h"

namespace weir::firmware {

struct MqttSubscription {
  std::string filter;
  int qos = 1;      // 0 or 1; 2 buys nothing (gateway/docs/decisions) and is refused by the configuration
  Mapping mapping;  // device and metric may hold {N}: the N-th wildcard level of the filter, from 1
};

struct MqttCommands {
  std::string publish;  // "sensors/{device}/commands", also with {command}; empty: no commands
  std::string replies;  // a filter; empty: no replies; only a state metric can show what became of a command
  std::string payload;  // a template with {args.NAME}; empty: Weir's own message
  bool undeclared = false;
  std::vector<DeclaredCommand> declared;
};

struct MqttOptions {
  std::string name;
  std::string url;                   // mqtt://host:port or mqtts://host:port
  int version = 5;                   // 3 for 3.1.1, or 5
  std::string client_id;             // stable; default "weir-<name>-<short id of the log>"
  std::string username, password;    // resolved secrets
  std::string ca, certificate, key;  // paths for mqtts
  std::vector<MqttSubscription> subscriptions;
  MqttCommands commands;
};

}  // namespace weir::firmware
