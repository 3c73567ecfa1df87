#include "server/loop/socket_state.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

namespace weir::gateway {

namespace {

tcp_info state_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info : tcp_info{};
}

}  // namespace

std::uint64_t bytes_taken(int socket) {
  const std::uint64_t received = state_of(socket).tcpi_bytes_received;
  int waiting = 0;
  if (::ioctl(socket, FIONREAD, &waiting) != 0) return received;
  return received - std::min(received, static_cast<std::uint64_t>(std::max(waiting, 0)));
}

bool peer_is_silent(int socket, std::chrono::milliseconds for_so_long) {
  const auto info = state_of(socket);
  return info.tcpi_unacked > 0 && std::chrono::milliseconds(info.tcpi_last_ack_recv) >= for_so_long;
}

}  // namespace weir::gateway
