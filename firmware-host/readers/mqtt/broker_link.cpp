#include "readers/mqtt/broker_link.h"

#include <atomic>
#include <exception>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <mqtt/async_client.h>

#include "readers/mqtt/broker_address.h"
#include "readers/mqtt/paho_socket.h"

namespace weir::firmware {
namespace {

constexpr std::chrono::seconds connect_timeout{10};
constexpr std::int32_t session_expiry_s = 30 * 24 * 3600;   // MQTT 5: how long the broker keeps what we miss
constexpr std::int32_t packet_bytes_max = 2 * 1024 * 1024;  // MQTT 5: beyond, the broker drops it; Paho would hold 256 MB
constexpr int inflight_max = 100;
constexpr int nobody_listens = 0x10;  // MQTT 5.0 section 3.4.2.1
constexpr int refused_from = 0x80;    // MQTT 5.0 section 3.4.2.1
constexpr int quota_exceeded = 0x97;
constexpr int session_taken_over = 0x8E;  // MQTT 5.0 section 3.14.2.1

/// Paho wants an object for each kind of answer; two functions are easier to read.
class Listener final : public mqtt::iaction_listener {
 public:
  using Handler = std::function<void(const mqtt::token&)>;
  Listener(Handler done, Handler failed) : done_(std::move(done)), failed_(std::move(failed)) {}
  void on_success(const mqtt::token& token) override { done_(token); }
  void on_failure(const mqtt::token& token) override { failed_(token); }

 private:
  Handler done_, failed_;
};

int paho_version(const MqttOptions& options) { return options.version == 5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1; }

mqtt::ssl_options tls_options(const MqttOptions& options) {
  mqtt::ssl_options tls;
  if (!options.ca.empty()) tls.set_trust_store(options.ca);
  if (!options.certificate.empty()) tls.set_key_store(options.certificate);
  if (!options.key.empty()) tls.set_private_key(options.key);
  tls.set_enable_server_cert_auth(true);
  tls.set_verify(true);
  return tls;
}

std::uint64_t key_of(const mqtt::token& token) { return reinterpret_cast<std::uintptr_t>(token.get_user_context()); }

}  // namespace

class BrokerLink::Client {
 public:
  Client(std::shared_ptr<const MqttOptions> options, const std::string& url, std::shared_ptr<LinkEvents> events)
      : shared_options_(std::move(options)),
        tls_(url.starts_with("ssl://")),
        events_(std::move(events)),
        paho_(url, options_.client_id, mqtt::create_options(paho_version(options_))) {
    // All before connect(): set later, they race with Paho's threads (paho.mqtt.cpp #356).
    paho_.set_message_callback([this](const mqtt::const_message_ptr& message) { arrived(*message); });
    paho_.set_connection_lost_handler([this](const std::string&) { lost(); });
    paho_.set_disconnected_handler(
        [this](const mqtt::properties&, mqtt::ReasonCode reason) { farewell_ = static_cast<int>(reason); });
  }

  void connect() {
    // Filled in here and handed over as it is: Paho C++ 1.2 loses the properties of moved options (paho.mqtt.cpp #445).
    mqtt::connect_options connect;
    connect.set_mqtt_version(paho_version(options_));
    connect.set_keep_alive_interval(mqtt_keepalive);
    connect.set_connect_timeout(connect_timeout);
    connect.set_max_inflight(inflight_max);
    connect.set_automatic_reconnect(false);
    if (!options_.username.empty()) connect.set_user_name(options_.username);
    if (!options_.password.empty()) connect.set_password(options_.password);
    if (tls_) connect.set_ssl(tls_options(options_));
    if (options_.version == 5) {
      connect.set_clean_start(false);
      connect.set_properties(mqtt::properties{{mqtt::property::SESSION_EXPIRY_INTERVAL, session_expiry_s},
                                              {mqtt::property::MAXIMUM_PACKET_SIZE, packet_bytes_max}});
    } else {
      connect.set_clean_session(false);
    }
    watch_.emplace();
    paho_.connect(connect, nullptr, connect_listener_);
  }

  void subscribe(const std::string& filter, int qos) {
    mqtt::subscribe_options subscribe;
    // MQTT 5: a filter that the session has already sends its retained messages no second time.
    subscribe.set_retain_handling(mqtt::subscribe_options::SEND_RETAINED_ON_NEW);
    paho_.subscribe(filter, qos, nullptr, subscribe_listener_, subscribe);
  }

  void publish(const MqttPublish& out) {
    auto message = mqtt::message::create(out.topic, out.payload, 1, false);
    if (options_.version == 5) message->set_properties(properties_of(out));
    paho_.publish(message, reinterpret_cast<void*>(static_cast<std::uintptr_t>(out.key)), publish_listener_);
  }

 private:
  static mqtt::properties properties_of(const MqttPublish& out) {
    mqtt::properties properties;
    if (!out.response_topic.empty()) properties.add({mqtt::property::RESPONSE_TOPIC, out.response_topic});
    if (!out.correlation.empty()) properties.add({mqtt::property::CORRELATION_DATA, out.correlation});
    const auto expiry = static_cast<std::int32_t>(out.expires_in.count());
    if (expiry > 0) properties.add({mqtt::property::MESSAGE_EXPIRY_INTERVAL, expiry});
    return properties;
  }

  void connected() {
    socket_ = paho_socket::of_last_connack(options_.client_id);
    watch_.reset();
    if (socket_ >= 0) return events_->on_connected();
    events_->on_refused("this version of the Paho library hides its socket, so an acknowledgement can't be held back");
  }

  void refused(const mqtt::token& token) {
    watch_.reset();
    events_->on_refused(connack_words(token.get_return_code()));
  }

  void lost() {
    const auto words = connack_words(farewell_);
    if (cut_) return events_->on_lost("disconnected on purpose: a message could not be committed, the broker keeps it", true);
    if (farewell_ == session_taken_over)
      return events_->on_lost("another client took over: is this client_id used twice?", false);
    events_->on_lost(words.empty() ? "the broker closed the connection" : words, false);
  }

  void published(const mqtt::token& token, bool taken) {
    // Without a word of the broker it may have arrived: then it counts as sent, and its deadline tells.
    const auto reason = options_.version == 5 ? static_cast<int>(token.get_reason_code()) : 0;
    if (taken && reason == nobody_listens)
      return events_->on_published(key_of(token),
                                   Error{ErrorCode::unavailable, "the broker knows nobody who listens on its topic"});
    if (taken || reason < refused_from) return events_->on_published(key_of(token), {});
    const auto code = reason == quota_exceeded ? ErrorCode::unavailable : ErrorCode::invalid;
    events_->on_published(key_of(token), Error{code, "the broker refuses the message, reason " + std::to_string(reason)});
  }

  /// Nothing may be thrown from here: C calls it. Nor may it be acknowledged after a message that was not taken.
  void arrived(const mqtt::message& in) noexcept {
    if (!cut_) cut_ = !taken(in);
    if (cut_) paho_socket::shut_down(socket_);
  }

  bool taken(const mqtt::message& in) noexcept {
    try {
      MqttMessage message{in.get_topic(), in.get_payload_ref().str(), {}, in.get_qos(), in.is_retained()};
      std::string correlation;
      if (in.get_properties().contains(mqtt::property::CORRELATION_DATA))
        correlation = mqtt::get<std::string>(in.get_properties(), mqtt::property::CORRELATION_DATA);
      message.correlation = correlation;
      return events_->on_message(message);
    } catch (const std::exception&) {  // out of memory
      return false;
    }
  }

  const std::shared_ptr<const MqttOptions> shared_options_;
  const MqttOptions& options_ = *shared_options_;
  const bool tls_;
  const std::shared_ptr<LinkEvents> events_;
  std::optional<paho_socket::Watch> watch_;
  int socket_ = -1;  // the rest is used under Paho's lock only
  bool cut_ = false;
  int farewell_ = 0;  // the reason in the broker's DISCONNECT (MQTT 5)
  Listener connect_listener_{[this](const mqtt::token&) { connected(); }, [this](const mqtt::token& token) { refused(token); }};
  Listener subscribe_listener_{[this](const mqtt::token&) { events_->on_subscribed(); },
                               [this](const mqtt::token& token) {
                                 const auto topics = token.get_topics();
                                 events_->on_subscription_refused(topics && !topics->empty() ? (*topics)[0] : std::string());
                               }};
  Listener publish_listener_{[this](const mqtt::token& token) { published(token, true); },
                             [this](const mqtt::token& token) { published(token, false); }};
  mqtt::async_client paho_;  // last: destroyed first, so no callback finds the rest gone
};

BrokerLink::BrokerLink(std::shared_ptr<const MqttOptions> options, const std::string& url, std::shared_ptr<LinkEvents> events)
    : options_(std::move(options)), url_(url), events_(std::move(events)) {}

BrokerLink::~BrokerLink() = default;

Result<void> BrokerLink::open() {
  try {
    client_ = std::make_unique<Client>(options_, url_, std::move(events_));
    client_->connect();
    return {};
  } catch (const std::exception& failure) {
    return Error{ErrorCode::unavailable, std::string("Paho can't connect: ") + failure.what()};
  }
}

void BrokerLink::subscribe(const std::string& filter, int qos) {
  try {
    client_->subscribe(filter, qos);
  } catch (const std::exception&) {
    // The connection is gone already: its loss is reported, and the next connection subscribes again.
  }
}

Result<void> BrokerLink::publish(const MqttPublish& message) {
  try {
    client_->publish(message);
    return {};
  } catch (const std::exception& failure) {
    return Error{ErrorCode::unavailable, std::string("not connected to the broker: ") + failure.what()};
  }
}

}  // namespace weir::firmware
