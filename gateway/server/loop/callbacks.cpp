#include "server/loop/callbacks.h"

#include <libwebsockets.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <exception>
#include <string>

#include "base/limits.h"
#include "server/loop/connection.h"
#include "server/loop/copy_request.h"
#include "server/loop/extension.h"
#include "server/loop/host.h"
#include "server/loop/socket_state.h"

namespace weir::gateway {
namespace {

constexpr std::size_t request_bytes = 1024;  // what the library reads of a request at once
constexpr std::size_t message_bytes = 128;   // what it keeps for each WebSocket: messages come in pieces of it
constexpr std::size_t send_bytes = limits::write_bytes_max + limits::payload_bytes_max + 4096;  // one write is one send

LoopState& state_of(lws* handle) { return *static_cast<LoopState*>(lws_context_user(lws_get_context(handle))); }

/// The kernel takes no more than this of what was not sent yet: a client that doesn't read holds a bounded buffer, and one
/// that asks for the latest is not given what has become old in a queue.
void bound_unsent(int socket) {
  const int bytes = static_cast<int>(limits::write_bytes_max);
  ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

int accept_connection(lws* handle, Host& host) {
  const int socket = lws_get_socket_fd(handle);
  bool loopback = false;
  std::string network = network_of(peer_address(socket, loopback));
  bound_unsent(socket);
  lws_set_opaque_user_data(handle, host.accept(handle, std::move(network), loopback));
  return 0;
}

void begin_request(lws* handle, Connection& connection) {
  auto request = copy_request(handle);
  request ? connection.receive(std::move(*request)) : connection.abort();
}

/// The Upgrade header is not read where the library points to it: it may have been given back already.
bool begin_upgrade(lws* handle, Connection& connection) {
  auto request = copy_request(handle);
  if (!request) return false;
  return connection.receive_upgrade(std::move(*request));
}

void receive_message(lws* handle, Connection& connection, std::string_view bytes) {
  constexpr unsigned rsv1 = 0x40;
  const bool frame_ends = lws_remaining_packet_payload(handle) == 0;
  connection.receive_frame({.bytes = bytes,
                            .text = lws_frame_is_binary(handle) == 0,
                            .begins_message = lws_is_first_fragment(handle) != 0,
                            .ends_frame = frame_ends,
                            .ends_message = frame_ends && lws_is_final_fragment(handle) != 0,
                            .rsv1 = (lws_get_reserved_bits(handle) & rsv1) != 0});
}

/// The extension is active from here on.
int confirm_extension(lws* handle, Connection& connection) {
  if (!takes_offer(handle)) return 1;
  connection.use_deflate();
  return 0;
}

int conclude(lws* handle, Connection::Verdict verdict) {
  if (verdict == Connection::Verdict::close) return -1;
  if (verdict == Connection::Verdict::completed) return lws_http_transaction_completed(handle) != 0 ? -1 : 0;
  return 0;
}

int serve(lws* handle, Connection& connection, lws_callback_reasons reason, void* in, std::size_t length) {
  const std::string_view bytes(static_cast<const char*>(in), in == nullptr ? 0 : length);
  switch (reason) {
    case LWS_CALLBACK_HTTP: begin_request(handle, connection); break;
    case LWS_CALLBACK_HTTP_BODY: connection.receive_body(bytes); break;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION: connection.body_complete(); break;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return begin_upgrade(handle, connection) ? 0 : -1;
    case LWS_CALLBACK_CONFIRM_EXTENSION_OKAY: return confirm_extension(handle, connection);
    case LWS_CALLBACK_ADD_HEADERS: return connection.deflates() && !announce(in) ? -1 : 0;
    case LWS_CALLBACK_ESTABLISHED: connection.websocket_open(); break;
    case LWS_CALLBACK_RECEIVE: receive_message(handle, connection, bytes); break;
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_SERVER_WRITEABLE: connection.writable(); break;
    default: break;
  }
  return conclude(handle, connection.take_verdict());
}

/// `serving` is the connection whose callback runs; what it lets go is destroyed when none of its methods can be running.
class Serving {
 public:
  Serving(Host& host, Connection* connection) : host_(host), before_(host.serving) { host.serving = connection; }
  ~Serving() {
    host_.serving = before_;
    if (before_ == nullptr) host_.clear_retired();
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

 private:
  Host& host_;
  Connection* before_;
};

void forget(lws* handle, Host& host) {
  auto* connection = static_cast<Connection*>(lws_get_opaque_user_data(handle));
  lws_set_opaque_user_data(handle, nullptr);
  if (connection != nullptr) host.forget(*connection);
}

/// Comes once for each protocol and address; the first of them takes the signal.
void turn(LoopState& state) {
  if (!state.signalled.exchange(false)) return;
  try {
    state.turn();
  } catch (const std::exception& error) {
    log_line(Severity::error, "server", std::string("a turn failed: ") + error.what());
  }
  state.host->clear_retired();
}

int equip(Host& host, void* context) {
  return host.certificate() != nullptr && host.certificate()->equip(static_cast<SSL_CTX*>(context)) ? 0 : 1;
}

int route(lws* handle, lws_callback_reasons reason, void* user, void* in, std::size_t length) {
  LoopState& state = state_of(handle);
  Host& host = *state.host;
  switch (reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS: return equip(host, user);
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED: return turn(state), 0;
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION: return host.room_for_one_more() ? 0 : 1;
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED: return accept_connection(handle, host);
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY: return forget(handle, host), 0;
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_CONFIRM_EXTENSION_OKAY:
    case LWS_CALLBACK_ADD_HEADERS:
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_SERVER_WRITEABLE: break;
    default: return 0;
  }
  auto* connection = static_cast<Connection*>(lws_get_opaque_user_data(handle));
  if (connection == nullptr) return -1;
  const Serving serving(host, connection);
  return serve(handle, *connection, reason, in, length);
}

int callback(lws* handle, lws_callback_reasons reason, void* user, void* in, std::size_t length) {
  try {
    return route(handle, reason, user, in, length);
  } catch (const std::exception& error) {
    log_line(Severity::error, "server", std::string("a request failed: ") + error.what());
    return -1;
  }
}

}  // namespace

const lws_protocols* protocol_table() {
  static const lws_protocols table[] = {
      {"http", callback, 0, request_bytes, 0, nullptr, send_bytes},
      {"weir.v1.json", callback, 0, message_bytes, 0, nullptr, send_bytes},
      {"weir.v1.cbor", callback, 0, message_bytes, 0, nullptr, send_bytes},
      {nullptr, nullptr, 0, 0, 0, nullptr, 0},
  };
  return table;
}

}  // namespace weir::gateway
