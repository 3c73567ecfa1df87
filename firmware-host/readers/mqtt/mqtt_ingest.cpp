#include "readers/mqtt/mqtt_ingest.h"

#include <condition_variable>
#include <optional>
#include <utility>

namespace weir::firmware {
namespace {

constexpr std::size_t topic_shown_max = 256;

std::string shown(std::string_view topic) {
  return topic.size() <= topic_shown_max ? std::string(topic) : std::string(topic.substr(0, topic_shown_max)) + "…";
}

/// The answer of another thread, waited for at most once.
class Answer {
 public:
  void give(bool value) {
    std::lock_guard lock(mutex_);
    value_ = value;
    given_.notify_all();
  }
  bool wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return given_.wait_for(lock, patience, [this] { return value_.has_value(); }) && *value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_;
  std::optional<bool> value_;
};

Result<MqttRoute> compile_route(const MqttSubscription& subscription) {
  const std::string where = "subscribe '" + subscription.filter + "': ";
  TopicFilter filter(subscription.filter);
  auto device = TopicTemplate::compile(subscription.mapping.device, filter.wildcards(), where + "device");
  if (!device) return device.error();
  auto metric = TopicTemplate::compile(subscription.mapping.metric, filter.wildcards(), where + "metric");
  if (!metric) return metric.error();
  auto decoder = make_decoder(subscription.mapping);
  if (!decoder) return Error{decoder.error().code, where + decoder.error().message};
  return MqttRoute{std::move(filter), *std::move(device), *std::move(metric), std::move(decoder).value()};
}

}  // namespace

Result<std::vector<MqttRoute>> compile_routes(const std::vector<MqttSubscription>& subscriptions) {
  std::vector<MqttRoute> routes;
  for (const auto& subscription : subscriptions) {
    auto route = compile_route(subscription);
    if (!route) return route.error();
    routes.push_back(std::move(route).value());
  }
  return routes;
}

MqttIngest::MqttIngest(std::shared_ptr<const MqttRules> rules, Intake& intake, CommandListener& listener, const Clock& clock,
                       std::shared_ptr<MqttCounters> counters)
    : rules_(std::move(rules)),
      intake_(intake),
      listener_(listener),
      clock_(clock),
      counters_(std::move(counters)),
      where_("mqtt " + rules_->name) {}

bool MqttIngest::take(const MqttMessage& message) {
  counters_->messages.fetch_add(1, std::memory_order_relaxed);
  if (rules_->commands.is_reply(message.topic)) return take_reply(message);
  if (rules_->commands.is_command(message.topic)) return true;
  for (const auto& route : rules_->routes)
    if (route.filter.matches(message.topic, levels_)) return take_readings(message, route);
  return true;  // of a filter that an earlier configuration subscribed to and the broker remembers
}

bool MqttIngest::take_reply(const MqttMessage& message) {
  if (message.retained) return true;  // an answer from before, kept by the broker
  if (message.payload.size() > limits::payload_bytes_max) return lose(message, "a reply this large is not taken");
  auto reply = parse_reply(message.payload, message.correlation);
  if (!reply) return lose(message, reply.error().message);
  reply->device = rules_->commands.device_of_reply(message.topic);
  auto answer = std::make_shared<Answer>();
  listener_.on_reply(*std::move(reply), [answer](bool committed) { answer->give(committed); });
  if (answer->wait(mqtt_commit_wait)) return true;
  return not_committed(Error{ErrorCode::timed_out, "the reply was not committed"}, 0, 1, message);
}

bool MqttIngest::take_readings(const MqttMessage& message, const MqttRoute& route) {
  Decoded decoded;
  auto failure = decode(message, route, decoded);
  if (!failure.empty()) decoded.rejected.push_back({std::move(failure), {}, {}});
  Delivery delivery;
  delivery.reader = rules_->name;
  delivery.readings = std::move(decoded.readings);
  if (!decoded.rejected.empty()) delivery.losses.push_back(loss(message, decoded.rejected));
  heard_from(delivery.readings);
  return deliver(std::move(delivery), message);
}

/// Empty, or why nothing of the message can be taken.
std::string MqttIngest::decode(const MqttMessage& message, const MqttRoute& route, Decoded& decoded) {
  const auto size = message.payload.size();
  if (size > limits::payload_bytes_max)
    return "payload of " + std::to_string(size) + " bytes; at most " + std::to_string(limits::payload_bytes_max) + " are taken";
  route.device.expand(levels_, device_);
  route.metric.expand(levels_, metric_);
  if (route.device.begins_with_level() && device_.starts_with('/')) return "the topic gives a device that begins with '/'";
  if (route.metric.begins_with_level() && metric_.starts_with('/')) return "the topic gives a metric that begins with '/'";
  route.decoder->decode(message.payload, device_, metric_, decoded);
  return {};
}

bool MqttIngest::deliver(Delivery&& delivery, const MqttMessage& message) {
  const auto readings = delivery.readings.size();
  std::uint64_t losses = 0;
  for (const auto& one : delivery.losses) losses += one.count;
  if (unrecorded_ > 0) delivery.losses.push_back({where_, "full", unrecorded_, "QoS 0 while nothing could be committed", {}, {}});
  if (delivery.readings.empty() && delivery.losses.empty()) return true;
  const auto result = intake_.deliver_and_wait(std::move(delivery), mqtt_commit_wait);
  if (!result) return not_committed(result.error(), readings, losses, message);
  counters_->readings.fetch_add(readings, std::memory_order_relaxed);
  counters_->losses.fetch_add(losses, std::memory_order_relaxed);
  unrecorded_ = 0;
  return true;
}

bool MqttIngest::not_committed(const Error& error, std::uint64_t readings, std::uint64_t losses, const MqttMessage& message) {
  if (message.qos > 0) {
    counters_->held_back.fetch_add(1, std::memory_order_relaxed);
    commit_lines_.log(clock_.monotonic(), Severity::warning, where_,
                      "not committed: " + error.message + "; disconnecting, so that the broker keeps the message");
    return false;
  }
  counters_->losses.fetch_add(readings + losses, std::memory_order_relaxed);
  unrecorded_ += readings + losses;
  commit_lines_.log(clock_.monotonic(), Severity::warning, where_,
                    "lost, for QoS 0 messages are sent once: " + shown(message.topic) + ": " + error.message);
  return true;
}

bool MqttIngest::lose(const MqttMessage& message, std::string detail) {
  Delivery delivery;
  delivery.reader = rules_->name;
  delivery.losses.push_back(loss(message, {{std::move(detail), {}, {}}}));
  return deliver(std::move(delivery), message);
}

Loss MqttIngest::loss(const MqttMessage& message, const std::vector<Rejected>& rejected) {
  const auto& first = rejected.front();
  const auto where = where_ + " " + shown(message.topic);
  undecodable_lines_.log(clock_.monotonic(), Severity::warning, where, "undecodable: " + first.detail);
  Loss loss{where, "undecodable", rejected.size(), first.detail, {}, {}};
  if (rejected.size() > 1) return loss;
  loss.device = first.device;
  loss.metric = first.metric;
  return loss;
}

void MqttIngest::heard_from(const std::vector<Reading>& readings) {
  std::lock_guard lock(devices_mutex_);
  const std::string* last = nullptr;
  for (const auto& reading : readings) {
    if (last != nullptr && *last == reading.device) continue;
    last = &reading.device;
    const auto found = devices_.find(reading.device);
    if (found != devices_.end()) {
      found->second = true;
    } else if (devices_.size() < limits::devices_max) {
      devices_.emplace(reading.device, true);
    }
  }
}

bool MqttIngest::knows(const std::string& device) const {
  std::lock_guard lock(devices_mutex_);
  return devices_.contains(device);
}

std::vector<DeviceChange> MqttIngest::take_online_as_offline() {
  std::vector<DeviceChange> changes;
  std::lock_guard lock(devices_mutex_);
  for (auto& [device, online] : devices_)
    if (std::exchange(online, false)) changes.push_back({device, DeviceState::offline});
  return changes;
}

}  // namespace weir::firmware
