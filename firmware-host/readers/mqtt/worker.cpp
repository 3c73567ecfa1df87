#include "readers/mqtt/worker.h"

#include <utility>

namespace weir::firmware {

Worker::Worker() : thread_([state = state_] { run(state); }) {}

Worker::~Worker() { finish(std::chrono::milliseconds(0)); }

void Worker::post(std::function<void()> task) {
  std::lock_guard lock(state_->mutex);
  state_->tasks.push_back(std::move(task));
  state_->changed.notify_all();
}

bool Worker::finish(std::chrono::milliseconds patience) {
  if (!thread_.joinable()) return true;
  std::unique_lock lock(state_->mutex);
  state_->finishing = true;
  state_->changed.notify_all();
  const bool ended = state_->changed.wait_for(lock, patience, [this] { return state_->finished; });
  lock.unlock();
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return ended;
}

void Worker::run(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  while (true) {
    state->changed.wait(lock, [&] { return state->finishing || !state->tasks.empty(); });
    if (state->tasks.empty()) break;
    auto task = std::move(state->tasks.front());
    state->tasks.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // what it owned ends here, not under the lock
    lock.lock();
  }
  state->finished = true;
  state->changed.notify_all();
}

}  // namespace weir::firmware
