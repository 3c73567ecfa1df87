#include "server/transports/websocket.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/text.h"
#include "server/handlers/command_request.h"
#include "server/http/origin.h"
#include "server/transports/open_stream.h"
#include "server/transports/websocket_message.h"

namespace weir::gateway {
namespace {

constexpr std::size_t channel_bytes_min = 4096;  // of a write, however many channels share it

/// Which of ours comes first in what the client offers; JSON where it offers none.
std::optional<Format> choose_format(std::string_view offered) {
  if (trim(offered).empty()) return Format::json;
  for (const std::string_view name : split(offered, ',')) {
    if (trim(name) == "weir.v1.json") return Format::json;
    if (trim(name) == "weir.v1.cbor") return Format::cbor;
  }
  return std::nullopt;
}

std::optional<Response> check_upgrade(const Call& call) {
  const Request& request = call.request;
  const auto& origins = call.host.options().origins;
  if (!equals_ignoring_case(request.upgrade, "websocket")) return problem(400, "Upgrade: only to websocket");
  if (!request.origin.empty() && !same_origin(request.origin, request.host, request.tls) &&
      !listed_origin(request.origin, origins)) {
    return problem(403, "Origin: pages of this origin may not connect; add it to server.origins");
  }
  if (request.method != Method::get || request.path != "/v1/stream") return problem(404, "WebSockets are at GET /v1/stream");
  return std::nullopt;
}

}  // namespace

Outcome open_websocket(Call& call) {
  if (auto refused = check_upgrade(call)) return std::move(*refused);
  if (auto refused = admit(call)) return std::move(*refused);
  const auto format = choose_format(call.request.websocket_protocols);
  if (!format) return problem(400, "Sec-WebSocket-Protocol: offer weir.v1.json or weir.v1.cbor");
  auto session = std::make_unique<WebSocketSession>(call.connection, *format, call.principal.name);
  if (!call.request.query.empty()) {
    auto query = parse_stream_query(call.request.query, call.request.last_event_id);
    if (!query) return problem(query.error());
    const Scope& scope = call.principal.scope;
    if (auto narrowed = query->filter.narrow(scope.kinds, scope.devices); !narrowed) return problem(narrowed.error());
    session->subscribe_at_open(std::move(*query));
  }
  return session;
}

WebSocketSession::WebSocketSession(Connection& connection, Format format, std::string principal)
    : Exchange(connection), format_(format), principal_(std::move(principal)) {}

void WebSocketSession::start() {
  connection().follow_log();
  if (at_open_) add_channel("", std::move(*std::exchange(at_open_, nullptr)));
  pump();
}

void WebSocketSession::on_rights_lost() { connection().close_websocket(1008, "the token or session has ended"); }

void WebSocketSession::on_shutdown() { connection().close_websocket(1001, "the gateway is stopping"); }

// ---- Messages in

void WebSocketSession::on_message(std::string_view bytes, bool text) {
  leave_crowd();
  if (text != (format_ == Format::json)) {
    return connection().close_websocket(1003, text ? "weir.v1.cbor has binary messages" : "weir.v1.json has text messages");
  }
  const auto message = parse_message(format_, bytes);
  if (!message) return connection().close_websocket(1007, std::string_view(message.error().message).substr(0, 120));
  const auto id = message->find("id");
  const bool named = id != message->end() && id->is_string();
  if (named && id->get_ref<const std::string&>().size() > limits::name_bytes_max) {
    fail("", 400, "id: may have " + std::to_string(limits::name_bytes_max) + " bytes");
  } else {
    handle(*message, named ? id->get<std::string>() : "");
  }
  pump();
}

void WebSocketSession::handle(const nlohmann::json& message, const std::string& id) {
  const auto op = message.find("op");
  const std::string name = op != message.end() && op->is_string() ? op->get<std::string>() : "";
  if (!host().take_request(connection()))
    return refuse(id, Refusal::requests_per_token, over_token_rate(principal_, host().options()));
  if (name == "subscribe") return subscribe(message, id);
  if (name == "unsubscribe") return unsubscribe(id);
  if (name == "command") return command(message, id);
  if (name == "ping") return ping(message);
  fail(id, 400, "op: must be subscribe, unsubscribe, command or ping");
}

void WebSocketSession::subscribe(const nlohmann::json& message, const std::string& id) {
  auto query = parse_subscribe(message);
  if (!query) return fail(id, query.error());
  const auto principal = connection().principal();
  if (!principal) return on_rights_lost();
  if (auto narrowed = query->filter.narrow(principal->scope.kinds, principal->scope.devices); !narrowed)
    return fail(id, narrowed.error());
  if (channels_.size() >= limits::subscriptions_per_connection_max)
    return refuse(id, Refusal::subscriptions, "64 subscriptions: unsubscribe first");
  const auto taken = [&](const auto& channel) { return channel->id() == id; };
  if (std::any_of(channels_.begin(), channels_.end(), taken)) return fail(id, 409, "id: subscribed already; unsubscribe first");
  add_channel(id, std::move(*query));
}

void WebSocketSession::unsubscribe(const std::string& id) {
  const auto found = std::find_if(channels_.begin(), channels_.end(), [&](const auto& channel) { return channel->id() == id; });
  if (found == channels_.end()) return fail(id, 404, "id: not subscribed");
  remove_channel((*found)->serial());
}

void WebSocketSession::ping(const nlohmann::json& message) {
  nlohmann::json pong = {{"op", "pong"}};
  if (message.contains("id")) pong["id"] = message["id"];
  reply(pong);
}

// ---- Commands

void WebSocketSession::command(const nlohmann::json& message, const std::string& id) {
  const auto principal = connection().principal();
  if (!principal || !allows(principal->role, Right::command)) return fail(id, 403, principal_ + " may not send commands");
  if (commands_ && commands_->full())
    return refuse(id, Refusal::commands, "64 commands of this connection are open: wait for their results");
  auto request = parse_command(message, "");
  if (!request) return fail(id, request.error());
  if (!may_command(principal->scope, request->device)) return fail(id, 403, principal_ + " is limited to other devices or kinds");
  request->by = principal->name;
  request->from = connection().peer();
  const std::uint64_t after = host().log().head();
  host().commands().submit(std::move(*request), [reply = Reply(host(), connection()), id, after](Result<CommandStatus> result) {
    reply.then([id, after, result = std::move(result)](Connection& there) {
      if (auto* session = dynamic_cast<WebSocketSession*>(there.exchange())) session->command_done(id, after, result);
    });
  });
}

void WebSocketSession::command_done(const std::string& id, std::uint64_t after, const Result<CommandStatus>& result) {
  if (!result) {
    result.error().code == ErrorCode::full ? refuse(id, Refusal::commands, result.error().message) : fail(id, result.error());
  } else {
    if (!commands_) commands_ = std::make_unique<CommandWatch>(host().log(), host().latest());
    commands_->follow(id, result->id, after);
  }
  pump();
}

void WebSocketSession::tell_commands() {
  if (!commands_) return;
  commands_->tell_news([this](const std::string& id, std::string_view members) {
    const std::string text = "{" + std::string(members) + "}";
    reply({{"op", "command"}, {"id", id}, {"command", nlohmann::json::parse(text, nullptr, false)}});
  });
}

// ---- Channels

void WebSocketSession::add_channel(const std::string& id, StreamQuery query) {
  if (auto acknowledged = acknowledge_return(host(), query); !acknowledged) {
    const Error& error = acknowledged.error();
    return error.code == ErrorCode::full ? refuse(id, Refusal::consumers, error.message) : fail(id, error);
  }
  const std::uint64_t serial = next_serial_++;
  channels_.push_back(std::make_unique<WebSocketChannel>(id, serial, format_));
  if (query.start != Start::time) return open_channel(serial, std::move(query));
  resolve_since(connection(), std::move(query), [serial, id](Connection& there, Result<StreamQuery> resolved) {
    auto* session = dynamic_cast<WebSocketSession*>(there.exchange());
    if (session == nullptr) return;
    if (!resolved) {
      session->remove_channel(serial);
      session->fail(id, resolved.error());
    } else {
      session->open_channel(serial, std::move(*resolved));
    }
    session->pump();
  });
}

void WebSocketSession::open_channel(std::uint64_t serial, StreamQuery query) {
  if (WebSocketChannel* there = channel(serial))
    there->open(host(), gateway::subscribe(host(), std::move(query), false), connection().deflates());
}

WebSocketChannel* WebSocketSession::channel(std::uint64_t serial) {
  const auto is_it = [serial](const auto& channel) { return channel->serial() == serial; };
  const auto found = std::find_if(channels_.begin(), channels_.end(), is_it);
  return found == channels_.end() ? nullptr : found->get();
}

void WebSocketSession::remove_channel(std::uint64_t serial) {
  std::erase_if(channels_, [serial](const auto& channel) { return channel->serial() == serial; });
}

// ---- Messages out

void WebSocketSession::reply(const nlohmann::json& message) {
  append_frame(replies_, format_, encode_message(format_, message));
  if (replies_.size() <= replies_bytes_max || connection().closing()) return;
  host().counters().refusals.count(Refusal::replies);
  connection().close_websocket(1008, "read the replies before asking more");
}

void WebSocketSession::refuse(const std::string& id, Refusal refusal, std::string_view detail) {
  host().counters().refusals.count(refusal);
  fail(id, 429, detail);
}

void WebSocketSession::fail(const std::string& id, const Error& error) { fail(id, status_of(error.code), error.message); }

void WebSocketSession::fail(const std::string& id, unsigned status, std::string_view detail) {
  reply({{"op", "error"}, {"id", id}, {"problem", nlohmann::json::parse(problem_json(status, detail), nullptr, false)}});
}

/// One write in a turn, at most: replies first, then the channels in turn.
void WebSocketSession::pump() {
  leave_crowd();
  if (!connection().can_write()) return set_deadline();
  tell_commands();
  if (send_shared()) return go_on(channels_.front()->subscription().more());
  std::string& out = host().scratch();
  out.assign(replies_);
  replies_ = std::string();  // an idle client keeps no buffer
  const bool more = pull_channels(out);
  connection().write(out);
  go_on(more);
}

void WebSocketSession::go_on(bool more) {
  if (more) {
    connection().want_more();
  } else if (may_wait_with_others()) {
    const auto& channel = *channels_.front();
    const auto& subscription = channel.subscription();
    host().followers().join_crowd(connection(), {channel.group(), subscription.position(), subscription.flush()});
  }
  set_deadline();
}

bool WebSocketSession::may_wait_with_others() const {
  return channels_.size() == 1 && replies_.empty() && (!commands_ || commands_->idle()) && !connection().closing() &&
         channels_.front()->waits_with_others();
}

void WebSocketSession::leave_crowd() {
  if (const auto stand = host().followers().leave_crowd(connection())) go_on_from(*stand);
}

void WebSocketSession::go_on_from(const CrowdStand& stand) {
  channels_.front()->subscription().advance(stand.position, stand.flush_due);
}

std::optional<std::uint64_t> WebSocketSession::on_log_from(const CrowdStand& stand) {
  go_on_from(stand);
  const auto written = host().counters().bytes;
  pump();
  const bool nothing = host().counters().bytes == written && connection().exchange() == this && may_wait_with_others();
  return nothing ? std::optional(channels_.front()->subscription().position()) : std::nullopt;
}

/// Where there is nothing else to say, what was said to another client that asked the same.
bool WebSocketSession::send_shared() {
  if (channels_.size() != 1 || !replies_.empty() || !channels_.front()->ready()) return false;
  auto& channel = *channels_.front();
  const auto* write = channel.shared(host().now());
  if (write == nullptr) return false;
  host().counters().records["websocket"] += write->records;
  connection().write(write->bytes);
  channel.subscription().advance(write->to);
  return true;
}

bool WebSocketSession::pull_channels(std::string& out) {
  bool more = false;
  const std::size_t count = channels_.size();
  if (count == 0) return false;
  const std::size_t budget = std::max(channel_bytes_min, limits::write_bytes_max / count);
  const auto begin = static_cast<std::ptrdiff_t>(next_channel_++ % count);
  std::rotate(channels_.begin(), channels_.begin() + begin, channels_.end());
  for (const auto& channel : channels_) {
    if (out.size() >= limits::write_bytes_max) {
      more = true;
      break;
    }
    more = pull_channel(*channel, out, budget) || more;
  }
  std::erase_if(channels_, [](const auto& channel) { return channel->ended; });
  return more;
}

bool WebSocketSession::pull_channel(WebSocketChannel& channel, std::string& out, std::size_t budget) {
  if (!channel.ready()) return false;
  const auto next = channel.pull(out, budget, host().now(), connection().deflates() ? &host().deflate() : nullptr);
  if (channel.records() > 0) host().counters().records["websocket"] += channel.records();
  if (next == Subscription::Next::cold) read_cold(channel);
  if (next == Subscription::Next::ended) {
    append_frame(out, format_, encode_message(format_, {{"op", "end"}, {"id", channel.id()}}));
    channel.ended = true;
  }
  return next == Subscription::Next::more;
}

void WebSocketSession::read_cold(WebSocketChannel& asking) {
  asking.reading = true;
  const std::uint64_t serial = asking.serial();
  host().read_cold(connection(), asking.subscription().cold_request(), [serial](Connection& there, Result<BlockPtr> block) {
    auto* session = dynamic_cast<WebSocketSession*>(there.exchange());
    WebSocketChannel* channel = session == nullptr ? nullptr : session->channel(serial);
    if (channel == nullptr) return;
    channel->reading = false;
    if (block) {
      channel->subscription().feed(std::move(*block));
    } else {
      session->fail(channel->id(), block.error());
      session->remove_channel(serial);
    }
    session->pump();
  });
}

void WebSocketSession::set_deadline() {
  std::optional<Monotonic> at;
  for (const auto& channel : channels_) {
    const auto wake = channel->ready() ? channel->subscription().wake_at() : std::nullopt;
    if (wake && (!at || *wake < *at)) at = wake;
  }
  if (at && connection().can_write()) connection().wake_at(*at);
}

}  // namespace weir::gateway
