// PollLoop: one thread for all file descriptors and timers of the readers.
//
// Purpose    epoll with timers and a mailbox; serial ports, retry timers and commands live on it.
// Thread     run() is the `readers` thread; post() and stop() from any thread; everything else on the loop.
// Ownership  callbacks are owned by the loop until removed; descriptors stay the caller's.
// Limits     65,536 posted tasks waiting (post() returns false beyond), 1,024 descriptors.
// Errors     create() fails where the kernel gives no epoll descriptor.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/mailbox.h"
#include "base/result.h"
#include "base/time.h"

namespace weir::firmware {

class PollLoop {
 public:
  using TimerId = std::uint64_t;  // 0 is never given out

  static Result<std::unique_ptr<PollLoop>> create(const Clock& clock);
  ~PollLoop();
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  void run();
  void stop();
  [[nodiscard]] bool post(std::function<void()> task);

  /// `events` are EPOLLIN / EPOLLOUT; EPOLLHUP and EPOLLERR always come. One registration per descriptor.
  Result<void> watch(int fd, std::uint32_t events, std::function<void(std::uint32_t events)> ready);
  void change(int fd, std::uint32_t events);
  void unwatch(int fd);

  TimerId after(std::chrono::nanoseconds delay, std::function<void()> task);
  void cancel(TimerId timer);

  /// Counts turns, for the watchdog. Any thread.
  std::uint64_t turns() const;

 private:
  struct Timer {
    TimerId id;
    std::function<void()> task;
  };
  using Ready = std::function<void(std::uint32_t events)>;
  struct Watched {
    std::uint32_t generation = 0;  // tells a descriptor from a later one with the same number
    std::shared_ptr<const Ready> ready;
  };

  PollLoop(const Clock& clock, int epoll_fd, int wake_fd);
  int wait_ms() const;
  void run_timers();
  void run_posted();
  void run_ready(int fd, std::uint32_t generation, std::uint32_t events);

  const Clock& clock_;
  const int epoll_fd_;
  const int wake_fd_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> turns_ = 0;
  Mailbox<std::function<void()>> posted_;
  std::vector<std::function<void()>> batch_;
  std::multimap<Monotonic, Timer> timers_;
  TimerId next_timer_ = 1;
  std::uint32_t generation_ = 0;
  std::unordered_map<int, Watched> watched_;
};

}  // namespace weir::firmware
