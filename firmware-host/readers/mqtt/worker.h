// Worker: a thread that may block, so that the poll loop never does.
//
// Purpose    Paho resolves names and takes its one global lock in every call; those calls run here, in order.
// Thread     post() and finish() from the poll loop.
// Ownership  tasks own what they use: after finish() gave up, a task may still run.
// Limits     limits::commands_open_max + a few tasks at a time (the reader bounds its commands).
// Errors     none.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace weir::firmware {

class Worker {
 public:
  Worker();
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(std::function<void()> task);

  /// Runs what is left and ends the thread. After `patience` the thread is left to end by itself (false).
  bool finish(std::chrono::milliseconds patience);

 private:
  struct State {
    std::mutex mutex;  // protects all below
    std::condition_variable changed;
    std::deque<std::function<void()>> tasks;
    bool finishing = false;
    bool finished = false;
  };
  static void run(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::thread thread_;
};

}  // namespace weir::firmware
