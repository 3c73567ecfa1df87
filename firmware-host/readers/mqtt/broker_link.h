// BrokerLink: one connection to a broker through Paho, from CONNECT to its loss; never used twice.
//
// Purpose    all that knows Paho's types. A new link for each attempt: so no command that waited in Paho is sent later.
// Thread     made, used and destroyed on the reader's worker; LinkEvents come on Paho's threads, under its lock.
// Ownership  shares the events: a link that outlives its reader (a worker left behind) still has them.
// Limits     Paho's: one lock for all its clients; an event must return within commit_wait.
// Errors     open() and publish() say why Paho wouldn't; what happens later comes as an event.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "readers/mqtt/mqtt_options.h"

namespace weir::firmware {

inline constexpr std::chrono::seconds mqtt_keepalive{20};
/// How long a message waits for its commit: at most a quarter of the keep-alive (Paho sends its pings from the same thread), and
/// short enough that stop() keeps its 2 s.
inline constexpr std::chrono::milliseconds mqtt_commit_wait{1500};
static_assert(mqtt_commit_wait <= mqtt_keepalive / 4);

struct MqttMessage {
  std::string_view topic;
  std::string_view payload;
  std::string_view correlation;  // MQTT 5; empty: none
  int qos = 0;
  bool retained = false;
};

struct MqttPublish {
  std::uint64_t key = 0;  // comes back with on_published()
  std::string topic;
  std::string payload;
  std::string response_topic;          // MQTT 5; empty: none
  std::string correlation;             // MQTT 5; empty: none
  std::chrono::seconds expires_in{0};  // MQTT 5: the broker forgets it then; 0: never
};

class LinkEvents {
 public:
  virtual ~LinkEvents() = default;
  virtual void on_connected() = 0;
  /// The attempt failed. `words` is empty where Paho doesn't know why.
  virtual void on_refused(std::string words) = 0;
  /// `on_purpose`: cut, because a message was not taken.
  virtual void on_lost(std::string words, bool on_purpose) = 0;
  virtual void on_subscribed() = 0;
  virtual void on_subscription_refused(std::string filter) = 0;
  /// The broker has it (ok) or has certainly not taken it.
  virtual void on_published(std::uint64_t key, Result<void> result) = 0;
  /// True: it may be acknowledged. False: the connection is cut, so that the broker keeps the message.
  virtual bool on_message(const MqttMessage& message) = 0;
};

class BrokerLink {
 public:
  /// `url` as BrokerAddress::resolve() gives it.
  BrokerLink(std::shared_ptr<const MqttOptions> options, const std::string& url, std::shared_ptr<LinkEvents> events);
  ~BrokerLink();  // disconnects; returns when no event runs or will run
  BrokerLink(const BrokerLink&) = delete;
  BrokerLink& operator=(const BrokerLink&) = delete;

  Result<void> open();
  void subscribe(const std::string& filter, int qos);
  Result<void> publish(const MqttPublish& message);

 private:
  class Client;
  const std::shared_ptr<const MqttOptions> options_;
  const std::string url_;
  std::shared_ptr<LinkEvents> events_;
  std::unique_ptr<Client> client_;
};

}  // namespace weir::firmware
