// LoopThread: a PollLoop on its own thread, as the gateway runs it.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "base/time.h"
#include "readers/poll_loop.h"

namespace weir::test {

class LoopThread {
 public:
  LoopThread() : loop_(std::move(firmware::PollLoop::create(clock_)).value()), thread_([this] { loop_->run(); }) {}
  ~LoopThread() { stop(); }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  /// Whatever is still posted never runs.
  void stop() {
    loop_->stop();
    if (thread_.joinable()) thread_.join();
  }

  firmware::PollLoop& loop() { return *loop_; }
  const Clock& clock() const { return clock_; }

  /// Runs `task` on the loop and returns when it has run.
  void call(const std::function<void()>& task) {
    std::promise<void> done;
    if (!loop_->post([&] {
          task();
          done.set_value();
        }))
      std::abort();
    done.get_future().wait();
  }

 private:
  SystemClock clock_;
  std::unique_ptr<firmware::PollLoop> loop_;
  std::thread thread_;
};

}  // namespace weir::test
