#include "server/loop/host.h"

#include <algorithm>
#include <utility>

namespace weir::gateway {
namespace {

constexpr std::size_t connections_slack = 64;  // beyond connections_max, to be told so
constexpr std::size_t cold_records_max = 1000;
constexpr std::chrono::milliseconds tick_interval{500};  // rights that were withdrawn end live streams within a second
constexpr std::chrono::minutes rights_interval{5};       // a session stays alive by being asked about

}  // namespace

void Reply::operator()(Response response) const {
  then([response = std::move(response)](Connection& connection) { connection.respond(response); });
}

void Reply::then(std::function<void(Connection&)> task) const {
  host_.post([&host = host_, id = id_, serial = serial_, task = std::move(task)] {
    Connection* connection = host.find(id);
    if (connection != nullptr && connection->serial() == serial && connection->exchange() != nullptr) task(*connection);
  });
}

Host::Host(const ServerContext& context, std::function<void()> signal)
    : context_(context),
      signal_(std::move(signal)),
      tasks_(tasks_max, signal_),
      consumers_(context.log),
      hosts_(context.options.hosts, context.options.origins) {
  rights_generation_ = access().generation();
  next_tick_ = now() + tick_interval;
  next_rights_ = now() + rights_interval;
}

Host::~Host() = default;

Result<void> Host::open_certificate() {
  if (std::holds_alternative<TlsOff>(options().tls)) return {};
  auto opened = ServerCertificate::open(options(), clock());
  if (!opened) return opened.error();
  certificate_ = std::move(*opened);
  return {};
}

std::optional<Principal> Host::by_certificate(std::string_view common_name) const {
  static_assert(static_cast<int>(ClientCertificate::Role::ingest) == static_cast<int>(Role::ingest));
  for (const ClientCertificate& known : options().client_certificates) {
    if (known.common_name == common_name) return Principal{"certificate:" + known.common_name, static_cast<Role>(known.role), {}};
  }
  return std::nullopt;
}

std::shared_ptr<const std::string> Host::same_text(std::string_view text) {
  if (texts_.size() >= prune_texts_at_) {
    std::erase_if(texts_, [](const auto& entry) { return entry.second.expired(); });
    prune_texts_at_ = 2 * texts_.size() + 64;
  }
  auto& known = texts_[std::string(text)];
  auto there = known.lock();
  if (!there) known = there = std::make_shared<const std::string>(text);
  return there;
}

void Host::post(std::function<void()> task) {
  if (!tasks_.push(std::move(task))) log_line(Severity::error, "server", "more than 1048576 answers wait: one was dropped");
}

void Host::read_cold(const Connection& connection, std::uint64_t after, std::function<void(Connection&, Result<BlockPtr>)> done) {
  log().read(after, cold_records_max, [reply = Reply(*this, connection), done = std::move(done)](Result<BlockPtr> block) {
    reply.then([done, block = std::move(block)](Connection& there) { done(there, block); });
  });
}

// ---- Connections

Connection* Host::accept(lws* handle, std::string peer, bool loopback) {
  const std::uint64_t id = next_id_++;
  ++counters_.connections;
  auto& at_peer = *by_peer_.try_emplace(std::move(peer), 0).first;
  ++at_peer.second;
  auto connection = std::make_unique<Connection>(*this, handle, id, at_peer.first, loopback);
  Connection* const accepted = connections_.emplace(id, std::move(connection)).first->second.get();
  accepted->wake_at(now() + stranger_limits::handshake_max);
  if (!loopback) greet(*accepted);
  return accepted;
}

/// Strangers don't keep others out: the one who has said nothing for longest makes room for the next.
void Host::greet(Connection& connection) {
  if (!arrival_rates_.take(connection.peer(), now(), stranger_limits::arrivals_per_second_per_address_max)) {
    counters_.refusals.count(Refusal::arrivals_per_address);
    return connection.abort();
  }
  const auto displaced = strangers_.add(connection.id());
  Connection* const oldest = displaced ? find(*displaced) : nullptr;
  if (oldest == nullptr) return;
  counters_.refusals.count(Refusal::unauthenticated);
  oldest->abort();
}

void Host::forget(Connection& connection) {
  strangers_.remove(connection.id());
  connection.detach();
  if (serving == &connection) serving = nullptr;
  if (connection.account != nullptr) --connection.account->connections;
  const auto peer = by_peer_.find(connection.peer());
  connections_.erase(connection.id());
  if (--peer->second == 0) by_peer_.erase(peer);
}

Connection* Host::find(std::uint64_t id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

std::size_t Host::connections_at(const std::string& peer) const {
  const auto found = by_peer_.find(peer);
  return found == by_peer_.end() ? 0 : found->second;
}

bool Host::room_for_one_more() {
  if (connections_.size() < options().connections_max + connections_slack) return !stopping_;
  counters_.refusals.count(Refusal::connections);
  return false;
}

bool Host::join_account(Connection& connection, const std::string& principal) {
  Account& account = accounts_.of(principal, now(), options().requests_per_second_per_token_max);
  if (connection.account == &account) return true;
  if (account.connections >= options().connections_per_token_max) return false;
  if (connection.account != nullptr) --connection.account->connections;
  strangers_.remove(connection.id());
  connection.account = &account;
  ++account.connections;
  return true;
}

/// Programs of this computer may ask as often as they like; whom a proxy of this computer lets in may not.
bool Host::take_request(const Connection& connection) {
  if (connection.account == nullptr || (connection.loopback() && !connection.forwarded())) return true;
  return connection.account->requests.take(now(), options().requests_per_second_per_token_max);
}

void Host::retire(std::unique_ptr<Exchange> exchange) { retired_.push_back(std::move(exchange)); }

void Host::close_soon(const Connection& connection) {
  closing_.push_back(connection.id());
  signal_();
}

void Host::end_closing() {
  for (const std::uint64_t id : std::exchange(closing_, {})) {
    if (Connection* connection = find(id)) connection->close_now();
  }
}

// ---- Turns

void Host::turn(bool log_has_grown) {
  if (log_has_grown) follow();
  run_again();
  run_tasks();
  end_hung_up();
  run_deadlines();
  tick(now());
}

void Host::follow() {
  latest().follow();
  followers_.follow();
  if (!latest().cold() || std::exchange(latest_reading_, true)) return;
  log().read(latest().applied(), cold_records_max, [this](Result<BlockPtr> block) {
    post([this, block = std::move(block)] {
      latest_reading_ = false;
      if (block) latest().feed(*block);
      follow();
    });
  });
}

void Host::again(const Connection& connection) {
  again_.push_back(connection.id());
  if (again_.size() == 1) signal_();
}

/// One write for each: whoever takes much gets no more than the others.
void Host::run_again() {
  std::swap(again_, again_now_);
  for (const std::uint64_t id : again_now_) {
    if (Connection* connection = find(id)) connection->writable();
  }
  again_now_.clear();
}

void Host::run_tasks() {
  std::vector<std::function<void()>> tasks = std::move(drained_);  // a task may fail: the rest of them is not lost with it
  tasks_.drain(tasks);
  for (auto& task : tasks) task();
  tasks.clear();
  drained_ = std::move(tasks);
}

void Host::end_hung_up() {
  hangups_.poll(hung_up_);
  for (const std::uint64_t id : hung_up_) {
    if (Connection* connection = find(id)) connection->abort();
  }
}

void Host::run_deadlines() {
  const Monotonic until = now();
  while (const auto entry = deadlines_.pop_due(until)) {
    if (Connection* connection = find(entry->second)) connection->due(entry->first);
  }
  followers_.run_due(until);
}

void Host::tick(Monotonic now) {
  if (now < next_tick_) return;
  next_tick_ = now + tick_interval;
  if (certificate_) certificate_->look();
  const std::uint64_t generation = access().generation();
  if (generation == rights_generation_ && now < next_rights_) return;
  rights_generation_ = generation;
  next_rights_ = now + rights_interval;
  for (const auto& [id, connection] : connections_) connection->ask_rights();
}

Monotonic Host::next_deadline() const {
  auto first = next_tick_;
  for (const auto& next : {deadlines_.next(), followers_.next_due()}) first = std::min(first, next.value_or(first));
  return first;
}

void Host::shut_down() {
  stopping_ = true;
  for (const auto& [id, connection] : connections_) {
    if (Exchange* exchange = connection->exchange()) exchange->on_shutdown();
  }
}

bool Host::idle() const {
  for (const auto& [id, connection] : connections_) {
    if (connection->exchange() != nullptr || connection->closing()) return false;
  }
  return true;
}

}  // namespace weir::gateway
