// MqttIngest: from a message to its commit.
//
// Purpose    decides what a message is (reading, reply, command that passes by), decodes it, waits for the commit. The caller
//            acknowledges the message only when take() returned true.
// Thread     take() on Paho's one receive thread; the rest from any thread.
// Ownership  keeps references to the intake, the listener and the clock; the reader's gate ends their use.
// Limits     limits::payload_bytes_max, limits::devices_max (further devices work, but are not reported as offline);
//            a message waits at most mqtt_commit_wait.
// Errors     what can't be decoded is a recorded loss. What can't be committed stays with the broker (QoS 1) or is a
//            loss that the next commit records (QoS 0).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log_line.h"
#include "decoders/decoder.h"
#include "readers/mqtt/broker_link.h"
#include "readers/mqtt/mqtt_commands.h"
#include "readers/mqtt/topic_mapping.h"
#include "readers/reader.h"

namespace weir::firmware {

struct MqttCounters {
  std::atomic<std::uint64_t> messages = 0, readings = 0, losses = 0, connects = 0, held_back = 0;
};

/// A subscription, ready for use.
struct MqttRoute {
  TopicFilter filter;
  TopicTemplate device, metric;
  std::shared_ptr<const Decoder> decoder;
};

Result<std::vector<MqttRoute>> compile_routes(const std::vector<MqttSubscription>& subscriptions);

/// What belongs to the configuration, made once.
struct MqttRules {
  std::string name;
  std::vector<MqttRoute> routes;
  MqttCommandTopics commands;
};

class MqttIngest {
 public:
  MqttIngest(std::shared_ptr<const MqttRules> rules, Intake& intake, CommandListener& listener, const Clock& clock,
             std::shared_ptr<MqttCounters> counters);

  bool take(const MqttMessage& message);

  bool knows(const std::string& device) const;
  /// Those heard from since the last call.
  std::vector<DeviceChange> take_online_as_offline();

 private:
  bool take_reply(const MqttMessage& message);
  bool take_readings(const MqttMessage& message, const MqttRoute& route);
  std::string decode(const MqttMessage& message, const MqttRoute& route, Decoded& decoded);
  bool deliver(Delivery&& delivery, const MqttMessage& message);
  bool not_committed(const Error& error, std::uint64_t readings, std::uint64_t losses, const MqttMessage& message);
  bool lose(const MqttMessage& message, std::string detail);
  Loss loss(const MqttMessage& message, const std::vector<Rejected>& rejected);
  void heard_from(const std::vector<Reading>& readings);

  const std::shared_ptr<const MqttRules> rules_;
  Intake& intake_;
  CommandListener& listener_;
  const Clock& clock_;
  const std::shared_ptr<MqttCounters> counters_;
  const std::string where_;  // "mqtt field"

  LineLimiter undecodable_lines_, commit_lines_;  // below: Paho's thread
  TopicLevels levels_;
  std::string device_, metric_;
  std::uint64_t unrecorded_ = 0;  // QoS 0 readings lost while nothing could be committed

  mutable std::mutex devices_mutex_;
  std::unordered_map<std::string, bool> devices_;  // true: heard from since the connection was made
};

}  // namespace weir::firmware
