// MqttReader: readings and command replies from one MQTT broker, commands to its devices.
//
// Purpose    QoS 1, persistent session, PUBACK only after the commit; connects for ever with a jittered back-off and
//            subscribes at every connect. README.md beside it tells what a broker's restart does.
// Thread     as Reader says; Paho's threads are guests behind a gate.
// Ownership  owns a worker thread for the calls that block; the Context outlives it.
// Limits     limits::commands_open_max commands waiting for the broker; mqtt_ingest.h; stop() within 2 s.
// Errors     create() fails where the configuration can't work. status().detail says why it isn't connected, or which
//            subscription the broker refuses.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "readers/mqtt/backoff.h"
#include "readers/mqtt/broker_address.h"
#include "readers/mqtt/gate.h"
#include "readers/mqtt/mqtt_ingest.h"
#include "readers/mqtt/mqtt_options.h"
#include "readers/mqtt/worker.h"
#include "readers/poll_loop.h"
#include "readers/reader.h"

namespace weir::firmware {

class MqttReader final : public Reader {
 public:
  static Result<std::unique_ptr<MqttReader>> create(MqttOptions options, ReaderContext context);
  ~MqttReader() override;

  void start() override;
  void stop() override;
  ReaderStatus status() const override;
  bool reaches(const std::string& device) const override;
  Result<void> ready(const Command& command) const override;
  bool answers() const override { return !options_->commands.replies.empty(); }
  void send(const Command& command, std::function<void(Result<void>)> sent) override;

 private:
  enum class State { stopped, connecting, connected, waiting };
  struct Event;
  struct Running;
  class Relay;

  MqttReader(MqttOptions options, BrokerAddress address, std::shared_ptr<const MqttRules> rules, ReaderContext context);

  void connect();
  void subscribe();
  void handle(Event&& event);
  void connected();
  void subscription_answered(const std::string& refused);
  void refused(const Event& event);
  void lost(const Event& event);
  void published(const Event& event);
  void retry();
  void report_offline();
  void answer_waiting_commands();
  std::optional<Error> why_not_send() const;
  void say(State state, const std::string& detail);

  const std::shared_ptr<const MqttOptions> options_;
  const BrokerAddress address_;
  const std::shared_ptr<const MqttRules> rules_;
  const ReaderContext context_;
  const std::shared_ptr<MqttCounters> counters_;
  const std::shared_ptr<MqttIngest> ingest_;

  State state_ = State::stopped;
  std::unique_ptr<Worker> worker_;    // while started
  std::shared_ptr<Running> running_;  // while started; shared with the worker and Paho's threads
  std::uint64_t attempt_ = 0;         // events of earlier attempts are stale
  std::size_t awaited_ = 0;           // subscriptions that the broker has not answered
  std::string refused_subscription_;  // words about the last refused one
  PollLoop::TimerId retry_timer_ = 0;
  Backoff backoff_;
  Monotonic connected_at_{};
  std::uint64_t readings_at_connect_ = 0;
  std::vector<DeviceChange> offline_;  // not yet taken by the log
  std::uint64_t next_key_ = 1;
  std::map<std::uint64_t, std::function<void(Result<void>)>> waiting_;  // commands that the broker has not acknowledged

  mutable std::mutex status_mutex_;  // protects the rest
  bool connected_ = false;
  std::string detail_ = "not started";
};

}  // namespace weir::firmware
