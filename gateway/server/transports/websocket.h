// WebSocket on /v1/stream: several subscriptions and commands on one connection. CONTRACT 4.2, RFC 6455.
//
// Purpose    the session behind the upgrade: messages in, frames out.
// Thread     the server's.
// Ownership  owns its channels.
// Limits     limits::subscriptions_per_connection_max channels; replies_bytes_max of unread replies, then 1008.
// Errors     {"op":"error"}; close 1003 (wrong kind of frame), 1007 (not JSON or CBOR), 1008 (rights, replies not read),
//            1009 (too long), 1001 (shutdown).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "server/dispatch.h"
#include "server/transports/command_watch.h"
#include "server/transports/websocket_channel.h"

namespace weir::gateway {

/// Every guard before the upgrade; then a session that stands ready. Origin: RFC 6455 section 10.2.
Outcome open_websocket(Call& call);

class WebSocketSession final : public Exchange {
 public:
  static constexpr std::size_t replies_bytes_max = std::size_t{256} * 1024;

  WebSocketSession(Connection& connection, Format format, std::string principal);

  /// What the URL asks for: a channel with the id "".
  void subscribe_at_open(StreamQuery query) { at_open_ = std::make_unique<StreamQuery>(std::move(query)); }

  std::string_view kind() const override { return "websocket"; }
  void start() override;
  void on_log() override { pump(); }
  std::optional<std::uint64_t> on_log_from(const CrowdStand& stand) override;
  void on_due() override { pump(); }
  void on_writable() override { pump(); }
  void on_message(std::string_view bytes, bool text) override;
  void on_rights_lost() override;
  void on_shutdown() override;

 private:
  void handle(const nlohmann::json& message, const std::string& id);
  void subscribe(const nlohmann::json& message, const std::string& id);
  void unsubscribe(const std::string& id);
  void command(const nlohmann::json& message, const std::string& id);
  void command_done(const std::string& id, std::uint64_t after, const Result<CommandStatus>& result);
  void ping(const nlohmann::json& message);

  void add_channel(const std::string& id, StreamQuery query);
  void open_channel(std::uint64_t serial, StreamQuery query);
  WebSocketChannel* channel(std::uint64_t serial);
  void remove_channel(std::uint64_t serial);

  void reply(const nlohmann::json& message);
  void refuse(const std::string& id, Refusal refusal, std::string_view detail);  // 429, counted
  void fail(const std::string& id, const Error& error);
  void fail(const std::string& id, unsigned status, std::string_view detail);
  void tell_commands();

  void pump();
  bool send_shared();
  void go_on(bool more);
  bool may_wait_with_others() const;
  void leave_crowd();
  void go_on_from(const CrowdStand& stand);
  bool pull_channels(std::string& out);
  bool pull_channel(WebSocketChannel& channel, std::string& out, std::size_t budget);
  void read_cold(WebSocketChannel& asking);
  void set_deadline();

  const Format format_;
  const std::string principal_;
  std::unique_ptr<StreamQuery> at_open_;
  std::vector<std::unique_ptr<WebSocketChannel>> channels_;
  std::size_t next_channel_ = 0;  // whose turn it is: all get the same
  std::uint64_t next_serial_ = 1;
  std::string replies_;                     // frames
  std::unique_ptr<CommandWatch> commands_;  // from the first one on
};

}  // namespace weir::gateway
