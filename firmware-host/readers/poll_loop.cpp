#include "readers/poll_loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace weir::firmware {
namespace {

constexpr std::size_t posted_max = 65'536;
constexpr std::size_t watched_max = 1'024;
constexpr std::size_t events_per_turn = 64;  // the rest comes with the next turn

Error system_error(const std::string& what) { return Error{ErrorCode::io, what + ": " + std::strerror(errno)}; }

void write_wake(int fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(fd, &one, sizeof one);  // EAGAIN: it is awake already
}

void read_wake(int fd) {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = read(fd, &count, sizeof count);
}

epoll_event event_for(int fd, std::uint32_t generation, std::uint32_t events) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = std::uint64_t{generation} << 32U | static_cast<std::uint32_t>(fd);
  return event;
}

}  // namespace

Result<std::unique_ptr<PollLoop>> PollLoop::create(const Clock& clock) {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return system_error("epoll");
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  auto wake = event_for(wake_fd, 0, EPOLLIN);
  if (wake_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &wake) != 0) {
    auto error = system_error("eventfd");
    if (wake_fd >= 0) close(wake_fd);
    close(epoll_fd);
    return error;
  }
  return std::unique_ptr<PollLoop>(new PollLoop(clock, epoll_fd, wake_fd));
}

PollLoop::PollLoop(const Clock& clock, int epoll_fd, int wake_fd)
    : clock_(clock), epoll_fd_(epoll_fd), wake_fd_(wake_fd), posted_(posted_max, [wake_fd] { write_wake(wake_fd); }) {}

PollLoop::~PollLoop() {
  close(wake_fd_);
  close(epoll_fd_);
}

void PollLoop::run() {
  std::array<epoll_event, events_per_turn> events;
  while (!stopping_.load(std::memory_order_acquire)) {
    const int count = epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), wait_ms());
    turns_.fetch_add(1, std::memory_order_relaxed);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      run_ready(static_cast<int>(event.data.u64 & 0xFFFF'FFFFU), static_cast<std::uint32_t>(event.data.u64 >> 32U), event.events);
    }
    run_posted();
    run_timers();
  }
}

void PollLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  write_wake(wake_fd_);
}

bool PollLoop::post(std::function<void()> task) { return posted_.push(std::move(task)); }

Result<void> PollLoop::watch(int fd, std::uint32_t events, std::function<void(std::uint32_t events)> ready) {
  if (watched_.size() >= watched_max) return Error{ErrorCode::full, "poll loop: 1024 descriptors are watched already"};
  auto event = event_for(fd, ++generation_, events);
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) return system_error("watching descriptor " + std::to_string(fd));
  watched_[fd] = {generation_, std::make_shared<const Ready>(std::move(ready))};
  return {};
}

void PollLoop::change(int fd, std::uint32_t events) {
  const auto found = watched_.find(fd);
  assert(found != watched_.end());
  auto event = event_for(fd, found->second.generation, events);
  epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
}

void PollLoop::unwatch(int fd) {
  if (watched_.erase(fd) > 0) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

PollLoop::TimerId PollLoop::after(std::chrono::nanoseconds delay, std::function<void()> task) {
  const auto now = clock_.monotonic();
  const auto due = now + std::clamp(delay, std::chrono::nanoseconds(0), std::chrono::nanoseconds(Monotonic::max() - now));
  timers_.emplace(due, Timer{next_timer_, std::move(task)});
  return next_timer_++;
}

void PollLoop::cancel(TimerId timer) {
  std::erase_if(timers_, [timer](const auto& entry) { return entry.second.id == timer; });
}

std::uint64_t PollLoop::turns() const { return turns_.load(std::memory_order_relaxed); }

/// Rounded up: waking before a timer is due would be a turn for nothing.
int PollLoop::wait_ms() const {
  if (timers_.empty()) return -1;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - clock_.monotonic()).count();
  return static_cast<int>(std::clamp<std::int64_t>(wait, 0, std::numeric_limits<int>::max()));
}

/// Timers that are set by these tasks wait for the next turn, so a task that sets itself again starves nobody.
void PollLoop::run_timers() {
  const auto now = clock_.monotonic();
  const auto first_new = next_timer_;
  while (!timers_.empty() && timers_.begin()->first <= now && timers_.begin()->second.id < first_new) {
    auto task = std::move(timers_.begin()->second.task);
    timers_.erase(timers_.begin());
    task();
  }
}

void PollLoop::run_posted() {
  posted_.drain(batch_);
  for (auto& task : batch_) task();
  batch_.clear();
}

/// An event of this turn may be for a descriptor that a task closed since, and whose number is in use again: the
/// generation tells them apart. The callback is held while it runs: it may unwatch itself.
void PollLoop::run_ready(int fd, std::uint32_t generation, std::uint32_t events) {
  if (fd == wake_fd_) return read_wake(wake_fd_);
  const auto found = watched_.find(fd);
  if (found == watched_.end() || found->second.generation != generation) return;
  const auto ready = found->second.ready;
  (*ready)(events);
}

}  // namespace weir::firmware
