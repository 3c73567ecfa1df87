#include "server/loop/socket_state.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace weir::gateway {

namespace {

constexpr int attempts = 100;

tcp_info state_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info : tcp_info{};
}

std::uint64_t waiting_in(int socket) {
  int bytes = 0;
  return ::ioctl(socket, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

}  // namespace

std::optional<std::uint64_t> bytes_taken(int socket) {
  // What comes in between two system calls must not count for one of them only.
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto waiting = waiting_in(socket);
    const std::uint64_t received = state_of(socket).tcpi_bytes_received;
    if (waiting_in(socket) == waiting) return received - std::min(received, waiting);
  }
  return std::nullopt;
}

std::string peer_address(int socket, bool& loopback) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return "";
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    loopback = (ntohl(v4.sin_addr.s_addr) >> 24U) == 127;
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return text;
}

std::string network_of(const std::string& address) {
  in6_addr v6{};
  if (::inet_pton(AF_INET6, address.c_str(), &v6) != 1) return address;
  constexpr std::size_t network_bytes = 8;
  std::memset(v6.s6_addr + network_bytes, 0, sizeof v6.s6_addr - network_bytes);
  char text[INET6_ADDRSTRLEN] = "";
  return ::inet_ntop(AF_INET6, &v6, text, sizeof text);
}

bool peer_is_silent(int socket, std::chrono::milliseconds for_so_long) {
  const auto info = state_of(socket);
  return info.tcpi_unacked > 0 && std::chrono::milliseconds(info.tcpi_last_ack_recv) >= for_so_long;
}

}  // namespace weir::gateway
