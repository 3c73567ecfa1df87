#include "server/loop/socket_state.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

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

bool peer_is_silent(int socket, std::chrono::milliseconds for_so_long) {
  const auto info = state_of(socket);
  return info.tcpi_unacked > 0 && std::chrono::milliseconds(info.tcpi_last_ack_recv) >= for_so_long;
}

}  // namespace weir::gateway
