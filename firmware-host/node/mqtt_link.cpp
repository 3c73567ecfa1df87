#include "node/mqtt_link.h"

#include <condition_variable>
#include <mutex>

#include <mqtt/async_client.h>

namespace weir::firmware {
namespace {

constexpr std::size_t events_max = 4096;

/// Paho knows tcp:// and ssl:// only.
std::string paho_url(const std::string& url) {
  if (url.starts_with("mqtt://")) return "tcp://" + url.substr(7);
  if (url.starts_with("mqtts://")) return "ssl://" + url.substr(8);
  return url;
}

}  // namespace

struct MqttLink::Private final : mqtt::iaction_listener {
  Private(const std::string& url, const std::string& id, std::string topic)
      : commands_topic(std::move(topic)), client(paho_url(url), id, mqtt::create_options(MQTTVERSION_3_1_1)) {
    client.set_connected_handler([this](const std::string&) { add({Kind::connected, 0, ""}); });
    client.set_connection_lost_handler([this](const std::string& why) { add({Kind::lost, 0, why}); });
    client.set_message_callback([this](mqtt::const_message_ptr message) { add({Kind::message, 0, message->to_string()}); });
  }

  // Of connect and publish.
  void on_success(const mqtt::token& token) override {
    if (token.get_type() == mqtt::token::PUBLISH)
      add({Kind::acknowledged, reinterpret_cast<std::uintptr_t>(token.get_user_context()), ""});
  }
  // A publication fails with its connection, which is an event of its own.
  void on_failure(const mqtt::token& token) override {
    if (token.get_type() == mqtt::token::CONNECT) add({Kind::lost, 0, "refused or out of reach"});
  }

  void add(Event event) {
    std::lock_guard lock(mutex);
    if (events.size() == events_max) event = {Kind::lost, 0, "too many events"};
    if (events.size() <= events_max) events.push_back(std::move(event));
    changed.notify_one();
  }

  const std::string commands_topic;
  mqtt::async_client client;
  std::mutex mutex;  // protects `events`
  std::condition_variable changed;
  std::vector<Event> events;
};

MqttLink::MqttLink(const std::string& url, const std::string& client_id, std::string commands_topic)
    : private_(std::make_unique<Private>(url, client_id, std::move(commands_topic))) {}

MqttLink::~MqttLink() { disconnect(); }

void MqttLink::connect() {
  mqtt::connect_options options;
  options.set_clean_session(true);
  options.set_keep_alive_interval(20);
  options.set_connect_timeout(5);
  options.set_max_inflight(1000);
  try {
    private_->client.connect(options, nullptr, *private_);
  } catch (const mqtt::exception& error) {
    private_->add({Kind::lost, 0, error.get_error_str()});
  }
}

void MqttLink::disconnect() {
  try {
    if (!private_->client.is_connected()) return;
    private_->client.disconnect()->wait_for(std::chrono::seconds(1));
  } catch (const mqtt::exception&) {  // it went by itself
  }
}

void MqttLink::publish(const std::string& topic, const std::string& payload, std::uint64_t number) {
  try {
    private_->client.publish(topic, payload.data(), payload.size(), 1, false,
                             reinterpret_cast<void*>(static_cast<std::uintptr_t>(number)), *private_);
  } catch (const mqtt::exception& error) {
    private_->add({Kind::lost, number, error.get_error_str()});
  }
}

std::vector<MqttLink::Event> MqttLink::wait(std::chrono::nanoseconds longest) {
  std::vector<Event> events;
  {
    std::unique_lock lock(private_->mutex);
    private_->changed.wait_for(lock, longest, [&] { return !private_->events.empty(); });
    events.swap(private_->events);
  }
  for (const auto& event : events) {
    if (event.kind != Kind::connected) continue;
    try {
      private_->client.subscribe(private_->commands_topic, 1);
    } catch (const mqtt::exception&) {  // lost again already: that is an event of its own
    }
  }
  return events;
}

}  // namespace weir::firmware
