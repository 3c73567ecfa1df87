#include "node/mqtt_node.h"

#include <algorithm>
#include <deque>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/log_line.h"
#include "node/faults.h"
#include "node/mqtt_link.h"
#include "node/outbox.h"
#include "node/sampler.h"
#include "node/simulation.h"

namespace weir::firmware {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::size_t messages_kept_max = 65'536;
constexpr std::size_t window = 90;  // Paho takes 100 at a time
constexpr std::size_t commands_known_max = 64;
constexpr auto reconnect_first = 250ms;
constexpr auto reconnect_longest = 10s;

class MqttNode {
 public:
  MqttNode(const NodeOptions& options, Faults& faults, Simulation& simulation, Sampler& sampler)
      : options_(options),
        faults_(faults),
        simulation_(simulation),
        sampler_(sampler),
        outbox_(messages_kept_max),
        topic_("sensors/" + options.id + "/"),
        link_(options.mqtt, options.id, topic_ + "commands") {
    link_.connect();
  }

  void turn() {
    for (const auto& event : link_.wait(wait())) on_event(event);
    sample();
    send();
    if (!connected_ && !connecting_ && std::chrono::steady_clock::now() >= reconnect_at_) reconnect();
  }

  bool finished() const { return sampler_.finished() && outbox_.size() == 0; }

 private:
  std::chrono::nanoseconds wait() const {
    const auto until_next = sampler_.next() - std::chrono::steady_clock::now();
    return sampler_.finished() ? 20ms : std::clamp<std::chrono::nanoseconds>(until_next, 0ns, 20ms);
  }

  void on_event(const MqttLink::Event& event) {
    switch (event.kind) {
      case MqttLink::Kind::connected: return on_connected();
      case MqttLink::Kind::lost: return on_lost(event.payload);
      case MqttLink::Kind::acknowledged: return outbox_.acknowledge(event.number);
      case MqttLink::Kind::message: return on_command(event.payload);
    }
  }

  void on_connected() {
    log_line(Severity::info, options_.id, "connected to " + options_.mqtt);
    connected_ = true;
    connecting_ = false;
    reconnect_wait_ = reconnect_first;
  }

  void on_lost(const std::string& why) {
    if (!connected_ && !connecting_) return;
    log_line(Severity::notice, options_.id, "not connected to " + options_.mqtt + ": " + why);
    link_.disconnect();
    outbox_.send_again();
    connected_ = connecting_ = false;
    reconnect_at_ = std::chrono::steady_clock::now() + reconnect_wait_;
    reconnect_wait_ = std::min<std::chrono::nanoseconds>(2 * reconnect_wait_, reconnect_longest);
  }

  void reconnect() {
    connecting_ = true;
    link_.connect();
  }

  void sample() {
    due_.clear();
    sampler_.take(std::chrono::steady_clock::now(), outbox_.room(), due_);
    for (const auto& measured : due_) add(measured);
    if (outbox_.dropped() == told_dropped_) return;
    drops_.log(std::chrono::steady_clock::now(), Severity::warning, options_.id,
               std::to_string(outbox_.dropped()) + " messages dropped");
    told_dropped_ = outbox_.dropped();
  }

  void add(const Measured& measured) {
    const auto& channel = sampler_.channels()[measured.channel];
    std::string value;
    channel.boolean ? void(value = measured.value != 0 ? "true" : "false") : append_json_number(value, measured.value);
    if (options_.json) {
      const auto time = measured.time.value_or(SystemClock().wall());
      value = "{\"value\":" + value + ",\"time\":\"" + format_time(time) + "\"}";
    }
    outbox_.add(topic_ + channel.name, std::move(value));
  }

  void send() {
    while (connected_) {
      const auto* message = outbox_.next(window);
      if (message == nullptr) return;
      misbehave(message->topic);
      link_.publish(message->topic, message->payload, message->number);
    }
  }

  void misbehave(const std::string& topic) {
    std::this_thread::sleep_for(faults_.pause());
    if (faults_.chance(100)) link_.publish(topic, faults_.noise(), 0);
    if (faults_.resets()) on_lost("a fault");
  }

  void on_command(const std::string& payload) {
    const auto command = parse_json(payload);
    if (!command || !command->is_object() || !command->value("id", json()).is_string()) {
      return log_line(Severity::notice, options_.id, "not a command: " + (command ? "no id" : command.error().message));
    }
    const auto id = (*command)["id"].get<std::string>();
    auto known = std::find_if(answered_.begin(), answered_.end(), [&](const auto& entry) { return entry.first == id; });
    if (known == answered_.end()) {
      answered_.emplace_back(id, reply(id, *command));
      if (answered_.size() > commands_known_max) answered_.pop_front();
      known = std::prev(answered_.end());
    }
    outbox_.add(topic_ + "replies", known->second);
  }

  std::string reply(const std::string& id, const json& command) {
    const auto outcome = execute(command);
    json answer = {{"id", id}, {"ok", outcome.ok}};
    if (!outcome.ok) answer["error"] = outcome.error;
    if (!outcome.result_json.empty()) answer["result"] = json::parse(outcome.result_json);
    return answer.dump();
  }

  Outcome execute(const json& command) {
    const auto name = command.value("name", json());
    const auto args = command.value("args", json::object());
    const auto deadline = command.value("deadline", json());
    if (!name.is_string() || !args.is_object()) return {false, "", "no command"};
    if (deadline.is_string()) {
      const auto time = parse_time(deadline.get_ref<const std::string&>());
      if (time && *time < SystemClock().wall()) return {false, "", "expired"};
    }
    auto outcome = simulation_.execute(name, args);
    log_line(Severity::info, options_.id,
             "command " + name.get<std::string>() + (outcome.ok ? " done" : " refused: " + outcome.error));
    if (outcome.ok) report_states();
    simulation_.take_reboot();  // nothing but the connection would be lost
    return outcome;
  }

  void report_states() {
    for (const auto channel : {simulation_.target_channel(), simulation_.relay_channel()}) {
      if (channel < sampler_.channels().size()) add({channel, simulation_.value(channel), {}});
    }
  }

  const NodeOptions& options_;
  Faults& faults_;
  Simulation& simulation_;
  Sampler& sampler_;
  Outbox outbox_;
  const std::string topic_;
  std::vector<Measured> due_;
  std::deque<std::pair<std::string, std::string>> answered_;
  LineLimiter drops_;
  std::uint64_t told_dropped_ = 0;
  bool connected_ = false;
  bool connecting_ = true;
  Monotonic reconnect_at_{};
  std::chrono::nanoseconds reconnect_wait_ = reconnect_first;
  MqttLink link_;
};

}  // namespace

Result<void> run_mqtt_node(const NodeOptions& options, const std::atomic<bool>& stop) {
  Faults faults(options.faults);
  Simulation simulation(options.channels, options.faults.value_or(1));
  auto sampler = Sampler::open(options, simulation, std::chrono::steady_clock::now());
  if (!sampler) return sampler.error();
  MqttNode node(options, faults, simulation, **sampler);
  while (!stop && !node.finished()) node.turn();
  return {};
}

}  // namespace weir::firmware
