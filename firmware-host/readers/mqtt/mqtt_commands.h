// Commands over MQTT: topics and payloads. CONTRACT: "Devices".
//
// Purpose    {"id","name","args","deadline"} out, {"id","ok","result"|"error"} back; MQTT 5 also response topic and
//            correlation data. QoS 1, never retained: a command is not a state.
// Thread     const after construction: any thread.
// Limits     a device or command whose name would change the topic ('/', '+', '#') is sent nothing.
// Errors     compile() names the key; payload() the device; parse_reply() what is wrong with the reply.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "readers/mqtt/broker_link.h"
#include "readers/mqtt/command_template.h"
#include "readers/mqtt/mqtt_options.h"
#include "readers/mqtt/topic_mapping.h"

namespace weir::firmware {

class MqttCommandTopics {
 public:
  static Result<MqttCommandTopics> compile(const MqttCommands& commands);

  bool can_send() const { return !publish_.empty(); }
  Result<MqttPublish> message(const Command& command, Timestamp now) const;

  /// A command of ours or of somebody else's: it passes by where a subscription is wide, and is no reading.
  bool is_command(std::string_view topic) const;
  bool is_reply(std::string_view topic) const;
  /// The device that a reply's topic names; empty where the topics don't tell.
  std::string device_of_reply(std::string_view topic) const;

 private:
  Result<std::string> topic(const Command& command) const;
  std::string response_topic(const std::string& device) const;

  std::string publish_;
  std::set<std::string, std::less<>> names_;  // of declared commands, where {command} stands in publish_
  CommandTemplate payload_;                   // empty: Weir's own message
  std::optional<TopicFilter> replies_;
  std::string replies_text_;
  bool replies_name_device_ = false;  // its one wildcard, a +, stands where publish_ has {device}
};

/// `correlation` stands for a missing id (MQTT 5).
Result<CommandReply> parse_reply(std::string_view payload, std::string_view correlation);

}  // namespace weir::firmware
