#include "server/loop/listen.h"

#include <fcntl.h>
#include <libwebsockets.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "server/loop/callbacks.h"
#include "server/loop/extension.h"
#include "server/strangers.h"

namespace weir::gateway {
namespace {

constexpr int keepalive_seconds = 60;

const lws_retry_bo_t websocket_liveness = {
    nullptr, 0, 0, 25, 35, 0,  // a ping after 25 s without a sign of life; 10 s for the pong
};

std::string text_of(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != address.host.npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

/// The library only says that it could not: try the same by hand, to say why.
Result<void> try_bind(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found); code != 0) {
    return Error{ErrorCode::invalid,
                 "server.listen: " + address.host + ": " + ::gai_strerror(code) + "; write a numeric address"};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  const int socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (found->ai_family == AF_INET6) ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const int result = ::bind(socket, found->ai_addr, found->ai_addrlen) == 0 ? ::listen(socket, 1) : -1;
  const int error = errno;
  ::close(socket);
  if (result == 0) return {};
  return Error{ErrorCode::unavailable, "server.listen: " + text_of(address) + ": " + std::strerror(error) +
                                           (error == EADDRINUSE ? "; stop the other program or choose another port" : "")};
}

Result<std::uint16_t> listen_at(lws_context* context, const ServerOptions& options, const ListenAddress& address) {
  if (auto possible = try_bind(address); !possible) return possible.error();
  lws_context_creation_info info{};
  info.vhost_name = info.iface = address.host.c_str();  // kept, not copied: the options outlive the server
  info.port = address.port;
  info.protocols = protocol_table();
  info.alpn = "http/1.1";
  info.ka_time = keepalive_seconds;
  info.ka_probes = 3;
  info.ka_interval = 10;
  // A little later than our own deadline, which tells a body that it was too slow, and counts.
  info.timeout_secs = info.timeout_secs_ah_idle = static_cast<unsigned>(stranger_limits::handshake_max.count()) + 1;
  info.keepalive_timeout = 15;
  info.retry_and_idle_policy = &websocket_liveness;
  info.options = LWS_SERVER_OPTION_VALIDATE_UTF8 | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
  const bool v6 = address.host.find(':') != address.host.npos;
  info.options |=
      v6 ? LWS_SERVER_OPTION_IPV6_V6ONLY_MODIFY | LWS_SERVER_OPTION_IPV6_V6ONLY_VALUE : LWS_SERVER_OPTION_DISABLE_IPV6;
  // The certificate comes with LOAD_EXTRA_SERVER_VERIFY_CERTS, into a context that the library makes.
  if (!std::holds_alternative<TlsOff>(options.tls))
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
  if (options.websocket_compression && !offer_deflate(info))
    return Error{ErrorCode::invalid,
                 "server.websocket_compression: this libwebsockets was built without extensions; write false"};
  lws_vhost* vhost = lws_create_vhost(context, &info);
  const int port = vhost == nullptr ? -1 : lws_get_vhost_listen_port(vhost);
  if (port <= 0)
    return Error{ErrorCode::unavailable, "server.listen: " + text_of(address) + ": can't be served; check the address and tls"};
  return static_cast<std::uint16_t>(port);
}

}  // namespace

Result<std::vector<std::uint16_t>> listen_on(lws_context* context, const ServerOptions& options) {
  std::vector<std::uint16_t> ports;
  for (const ListenAddress& address : options.listen) {
    const auto port = listen_at(context, options, address);
    if (!port) return port.error();
    ports.push_back(*port);
  }
  return ports;
}

}  // namespace weir::gateway
