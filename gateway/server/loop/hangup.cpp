#include "server/loop/hangup.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>

namespace weir::gateway {

HangupWatch::HangupWatch() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

HangupWatch::~HangupWatch() {
  if (epoll_ >= 0) ::close(epoll_);
}

void HangupWatch::add(int socket, std::uint64_t id) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
  event.data.u64 = id;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
}

void HangupWatch::remove(int socket) { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr); }

void HangupWatch::poll(std::vector<std::uint64_t>& out) {
  out.clear();
  std::array<epoll_event, 256> events;  // the rest at the next turn: the descriptor stays readable
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) out.push_back(events[static_cast<std::size_t>(i)].data.u64);
}

}  // namespace weir::gateway
