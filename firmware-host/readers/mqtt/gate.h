// Gate: lets callbacks of a library in until it is closed; closing waits for those inside.
//
// Purpose    after close() returned, no guest touches what the gate guards.
// Thread     any.
// Limits     close() takes as long as the longest visit (bounded by whoever visits).
// Errors     none.
#pragma once

#include <condition_variable>
#include <mutex>

namespace weir::firmware {

class Gate {
 public:
  class Visit {
   public:
    explicit Visit(Gate& gate) : gate_(gate), inside_(gate.enter()) {}
    ~Visit() {
      if (inside_) gate_.leave();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    explicit operator bool() const { return inside_; }

   private:
    Gate& gate_;
    const bool inside_;
  };

  void close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    changed_.wait(lock, [this] { return visitors_ == 0; });
  }

 private:
  bool enter() {
    std::lock_guard lock(mutex_);
    if (!closed_) ++visitors_;
    return !closed_;
  }
  void leave() {
    std::lock_guard lock(mutex_);
    if (--visitors_ == 0) changed_.notify_all();
  }

  std::mutex mutex_;  // protects all below
  std::condition_variable changed_;
  int visitors_ = 0;
  bool closed_ = false;
};

}  // namespace weir::firmware
