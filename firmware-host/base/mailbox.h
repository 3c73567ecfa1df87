// Mailbox: the only place where two threads meet.
//
// Purpose    a bounded queue from any number of senders to one receiver, handed over whole.
// Thread     push() from any thread; drain() from the receiver. `wake` runs on the sender, once per empty -> non-empty.
// Ownership  owns what is inside until it is drained.
// Limits     `capacity` items, a required argument. Full: push() returns false and the sender decides (the item is
//            not moved from); refused() counts.
// Errors     none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace weir {

template <class T>
class Mailbox {
 public:
  Mailbox(std::size_t capacity, std::function<void()> wake) : capacity_(capacity), wake_(std::move(wake)) {}

  [[nodiscard]] bool push(T&& item) {
    {
      std::lock_guard lock(mutex_);
      if (items_.size() >= capacity_) {
        ++refused_;
        return false;
      }
      items_.push_back(std::move(item));
      if (items_.size() > 1) return true;
    }
    wake_();
    return true;
  }

  /// Everything that is inside, oldest first; `out` is cleared and its storage is reused.
  void drain(std::vector<T>& out) {
    out.clear();
    std::lock_guard lock(mutex_);
    items_.swap(out);
  }

  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

  std::uint64_t refused() const {
    std::lock_guard lock(mutex_);
    return refused_;
  }

 private:
  const std::size_t capacity_;
  const std::function<void()> wake_;

  mutable std::mutex mutex_;  // protects all below
  std::vector<T> items_;
  std::uint64_t refused_ = 0;
};

}  // namespace weir
