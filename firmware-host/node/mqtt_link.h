// MqttLink: the node's connection to a broker, as events on one thread.
//
// Purpose    Paho's threads stay behind it.
// Thread     one caller; Paho's callbacks only add events.
// Ownership  its own client.
// Limits     4,096 events wait; beyond: the connection is given up, which sends everything again.
// Errors     a broken connection is an event; connect() is tried again by the caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir::firmware {

class MqttLink {
 public:
  enum class Kind { connected, lost, acknowledged, message };
  struct Event {
    Kind kind;
    std::uint64_t number = 0;  // acknowledged: what publish() was given
    std::string payload;       // message: of the commands' topic; lost: why
  };

  MqttLink(const std::string& url, const std::string& client_id, std::string commands_topic);
  ~MqttLink();

  /// The outcome is an event: connected (and subscribed), or lost.
  void connect();
  void disconnect();
  /// QoS 1. Its PUBACK is an event; without one by the time the connection is lost it must be published again.
  void publish(const std::string& topic, const std::string& payload, std::uint64_t number);

  /// What has happened, waiting for something at most that long.
  std::vector<Event> wait(std::chrono::nanoseconds longest);

 private:
  struct Private;
  std::unique_ptr<Private> private_;
};

}  // namespace weir::firmware
