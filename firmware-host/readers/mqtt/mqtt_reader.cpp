#include "readers/mqtt/mqtt_reader.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/log_line.h"
#include "base/text.h"
#include "readers/mqtt/broker_link.h"

namespace weir::firmware {
namespace {

constexpr std::chrono::milliseconds stop_patience{2000};
constexpr std::chrono::seconds settled_after{10};  // a connection that held this long begins the back-off anew

std::uint64_t seed_of(const std::string& name, const Clock& clock) {
  return std::hash<std::string>{}(name) ^ static_cast<std::uint64_t>(clock.monotonic().time_since_epoch().count());
}

}  // namespace

/// What happened on another thread, on its way to the loop.
struct MqttReader::Event {
  enum class What { connected, refused, explained, lost, subscribed, subscription_refused, published };
  What what;
  std::uint64_t attempt = 0;
  std::string words;
  bool on_purpose = false;
  std::uint64_t key = 0;
  Result<void> result;
};

/// From start() to stop(). The worker and Paho may hold it longer: then the gate is closed and the loop finds no reader.
struct MqttReader::Running {
  Gate gate;
  MqttReader* reader = nullptr;      // the loop only
  std::unique_ptr<BrokerLink> link;  // the worker only
};

class MqttReader::Relay final : public LinkEvents {
 public:
  Relay(std::weak_ptr<Running> running, PollLoop& loop, std::shared_ptr<MqttIngest> ingest, std::uint64_t attempt)
      : running_(std::move(running)), loop_(loop), ingest_(std::move(ingest)), attempt_(attempt) {}

  void on_connected() override { tell({Event::What::connected, attempt_, {}, false, 0, {}}); }
  void on_refused(std::string words) override { tell({Event::What::refused, attempt_, std::move(words), false, 0, {}}); }
  void on_explained(std::string words) { tell({Event::What::explained, attempt_, std::move(words), false, 0, {}}); }
  void on_lost(std::string words, bool on_purpose) override {
    tell({Event::What::lost, attempt_, std::move(words), on_purpose, 0, {}});
  }
  void on_subscribed() override { tell({Event::What::subscribed, attempt_, {}, false, 0, {}}); }
  void on_subscription_refused(std::string filter) override {
    tell({Event::What::subscription_refused, attempt_, std::move(filter), false, 0, {}});
  }
  void on_published(std::uint64_t key, Result<void> result) override {
    tell({Event::What::published, attempt_, {}, false, key, std::move(result)});
  }

  bool on_message(const MqttMessage& message) override {
    const auto running = running_.lock();
    if (!running) return false;
    const Gate::Visit visit(running->gate);
    return visit && ingest_->take(message);
  }

 private:
  void tell(Event&& event) {
    const auto running = running_.lock();
    if (!running) return;
    const Gate::Visit visit(running->gate);
    if (!visit) return;
    auto task = [to = running_, event = std::move(event)]() mutable {
      const auto found = to.lock();
      if (found && found->reader != nullptr) found->reader->handle(std::move(event));
    };
    if (!loop_.post(std::move(task))) log_line(Severity::error, "mqtt", "the poll loop is stuck: an event was lost");
  }

  const std::weak_ptr<Running> running_;
  PollLoop& loop_;
  const std::shared_ptr<MqttIngest> ingest_;
  const std::uint64_t attempt_;
};

Result<std::unique_ptr<MqttReader>> MqttReader::create(MqttOptions options, ReaderContext context) {
  const auto failed = [&](const Error& error) { return Error{error.code, "mqtt " + options.name + ": " + error.message}; };
  auto address = BrokerAddress::parse(options.url);
  if (!address) return failed(address.error());
  auto routes = compile_routes(options.subscriptions);
  if (!routes) return failed(routes.error());
  auto commands = MqttCommandTopics::compile(options.commands);
  if (!commands) return failed(commands.error());
  auto rules = std::make_shared<const MqttRules>(MqttRules{options.name, *std::move(routes), *std::move(commands)});
  return std::unique_ptr<MqttReader>(new MqttReader(std::move(options), *std::move(address), std::move(rules), context));
}

MqttReader::MqttReader(MqttOptions options, BrokerAddress address, std::shared_ptr<const MqttRules> rules, ReaderContext context)
    : options_(std::make_shared<const MqttOptions>(std::move(options))),
      address_(std::move(address)),
      rules_(std::move(rules)),
      context_(context),
      counters_(std::make_shared<MqttCounters>()),
      ingest_(std::make_shared<MqttIngest>(rules_, context.intake, context.commands, context.clock, counters_)),
      backoff_(seed_of(options_->name, context.clock)) {}

MqttReader::~MqttReader() { stop(); }

void MqttReader::start() {
  if (running_) return;
  running_ = std::make_shared<Running>();
  running_->reader = this;
  worker_ = std::make_unique<Worker>();
  connect();
}

void MqttReader::stop() {
  if (!running_) return;
  const auto deadline = std::chrono::steady_clock::now() + stop_patience;
  context_.loop.cancel(std::exchange(retry_timer_, 0));
  running_->reader = nullptr;
  running_->gate.close();
  worker_->post([running = running_] { running->link.reset(); });
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  if (!worker_->finish(std::max(left, std::chrono::milliseconds(0))))
    log_line(Severity::warning, "mqtt " + options_->name, "Paho doesn't come back; left to end by itself");
  worker_.reset();
  running_.reset();
  say(State::stopped, "stopped");
  answer_waiting_commands();
}

void MqttReader::connect() {
  retry_timer_ = 0;
  if (state_ != State::waiting) say(State::connecting, "connecting to " + address_.text());
  state_ = State::connecting;
  report_offline();
  auto relay = std::make_shared<Relay>(running_, context_.loop, ingest_, ++attempt_);
  worker_->post([running = running_, options = options_, address = address_, relay] {
    auto url = address.resolve();
    if (!url) return relay->on_refused(url.error().message);
    auto link = std::make_unique<BrokerLink>(options, *url, relay);
    std::swap(running->link, link);  // the old one goes last, so that Paho's threads stay
    if (auto opened = running->link->open(); !opened) relay->on_refused(opened.error().message);
  });
}

void MqttReader::handle(Event&& event) {
  if (event.attempt != attempt_) return;
  switch (event.what) {
    case Event::What::connected: return connected();
    case Event::What::refused: return refused(event);
    case Event::What::explained: return state_ == State::waiting ? say(state_, event.words) : void();
    case Event::What::lost: return lost(event);
    case Event::What::published: return published(event);
    case Event::What::subscribed: return subscription_answered({});
    case Event::What::subscription_refused:
      return subscription_answered("the broker refuses the subscription '" + event.words + "': check its access rules");
  }
}

void MqttReader::connected() {
  if (state_ != State::connecting) return;
  counters_->connects.fetch_add(1, std::memory_order_relaxed);
  connected_at_ = context_.clock.monotonic();
  readings_at_connect_ = counters_->readings.load();
  refused_subscription_.clear();
  awaited_ = options_->subscriptions.size() + (options_->commands.replies.empty() ? 0 : 1);
  say(State::connected, awaited_ == 0 ? "" : "waits for the broker to confirm its subscriptions");
  log_line(Severity::info, "mqtt " + options_->name, "connected to " + without_credentials(options_->url));
  worker_->post([running = running_, options = options_] {
    for (const auto& one : options->subscriptions) running->link->subscribe(one.filter, one.qos);
    if (!options->commands.replies.empty()) running->link->subscribe(options->commands.replies, 1);
  });
}

void MqttReader::subscription_answered(const std::string& refused) {
  if (state_ != State::connected || awaited_ == 0) return;
  if (!refused.empty()) refused_subscription_ = refused;
  if (--awaited_ == 0) say(State::connected, refused_subscription_);
}

void MqttReader::refused(const Event& event) {
  if (state_ != State::connecting) return;
  retry();
  if (!event.words.empty()) return say(state_, event.words);
  auto relay = std::make_shared<Relay>(running_, context_.loop, ingest_, attempt_);
  worker_->post([relay, address = address_] { relay->on_explained(address.why_unreachable()); });
}

void MqttReader::lost(const Event& event) {
  if (state_ != State::connected) return;
  const bool settled = context_.clock.monotonic() - connected_at_ >= settled_after;
  if (settled || counters_->readings.load() > readings_at_connect_) backoff_.reset();
  if (!event.on_purpose) {
    const auto changes = ingest_->take_online_as_offline();
    offline_.insert(offline_.end(), changes.begin(), changes.end());
    report_offline();
  }
  say(State::waiting, event.words);
  answer_waiting_commands();
  retry();
}

void MqttReader::retry() {
  state_ = State::waiting;
  retry_timer_ = context_.loop.after(backoff_.next(), [this] { connect(); });
}

/// The log makes `online` records by itself; that a device can't be heard is known only here.
void MqttReader::report_offline() {
  if (offline_.empty()) return;
  Delivery delivery;
  delivery.reader = options_->name;
  delivery.devices = offline_;
  if (context_.intake.deliver(std::move(delivery), [](const Result<void>&) {})) offline_.clear();
}

/// They may have left, so they count as sent: whether they arrived is for their deadline to tell.
void MqttReader::answer_waiting_commands() {
  for (auto& [key, sent] : std::exchange(waiting_, {})) sent({});
}

void MqttReader::published(const Event& event) {
  const auto found = waiting_.find(event.key);
  if (found == waiting_.end()) return;
  const auto sent = std::move(found->second);
  waiting_.erase(found);
  sent(event.result);
}

std::optional<Error> MqttReader::why_not_send() const {
  const auto where = "mqtt " + options_->name + ": ";
  if (!rules_->commands.can_send()) return Error{ErrorCode::unavailable, where + "no commands.publish is configured"};
  if (state_ != State::connected) return Error{ErrorCode::unavailable, where + "not connected to the broker: " + status().detail};
  if (waiting_.size() >= limits::commands_open_max)
    return Error{ErrorCode::full, where + "too many commands wait for the broker; try later"};
  return std::nullopt;
}

Result<void> MqttReader::ready(const Command& command) const {
  auto message = rules_->commands.message(command, context_.clock.wall());
  if (!message) return message.error();
  if (auto error = why_not_send()) return *std::move(error);
  return {};
}

void MqttReader::send(const Command& command, std::function<void(Result<void>)> sent) {
  if (auto error = why_not_send()) return sent(*std::move(error));
  auto message = rules_->commands.message(command, context_.clock.wall());
  if (!message) return sent(message.error());
  message->key = next_key_++;
  waiting_.emplace(message->key, std::move(sent));
  auto relay = std::make_shared<Relay>(running_, context_.loop, ingest_, attempt_);
  worker_->post([running = running_, relay, message = *std::move(message)] {
    if (auto handed = running->link->publish(message); !handed) relay->on_published(message.key, handed);
  });
}

bool MqttReader::reaches(const std::string& device) const {
  if (ingest_->knows(device)) return true;
  const auto& declared = options_->commands.declared;
  return rules_->commands.can_send() &&
         std::any_of(declared.begin(), declared.end(), [&](const auto& one) { return glob_match(one.device, device); });
}

void MqttReader::say(State state, const std::string& detail) {
  state_ = state;
  std::lock_guard lock(status_mutex_);
  connected_ = state == State::connected && awaited_ == 0;  // what is published now arrives
  const bool news = !detail.empty() && detail != detail_;
  detail_ = detail;
  if (news && state == State::waiting) log_line(Severity::warning, "mqtt " + options_->name, detail);
}

ReaderStatus MqttReader::status() const {
  ReaderStatus status;
  status.name = options_->name;
  status.kind = "mqtt";
  status.where = without_credentials(options_->url);
  status.messages = counters_->messages.load(std::memory_order_relaxed);
  status.readings = counters_->readings.load(std::memory_order_relaxed);
  status.losses = counters_->losses.load(std::memory_order_relaxed);
  status.connects = counters_->connects.load(std::memory_order_relaxed);
  status.held_back = counters_->held_back.load(std::memory_order_relaxed);
  std::lock_guard lock(status_mutex_);
  status.connected = connected_;
  status.detail = detail_;
  return status;
}

}  // namespace weir::firmware
