// FakeIntake, FakeListener: the gateway's side of a reader, driven by the test.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "readers/reader.h"
#include "reading/intake.h"

namespace weir::test {

/// Keeps what was delivered. Can hold commits back, or refuse them.
class FakeIntake final : public Intake {
 public:
  Result<void> deliver_and_wait(Delivery&& delivery, std::chrono::milliseconds deadline) override {
    std::unique_lock lock(mutex_);
    ++waiting_;
    const bool released = released_.wait_for(lock, deadline, [this] { return !held_; });
    --waiting_;
    if (!released) return Error{ErrorCode::timed_out, "the test holds the commit"};
    return take(std::move(delivery));
  }

  Result<void> deliver(Delivery&& delivery, std::function<void(const Result<void>&)> committed) override {
    Result<void> result;
    {
      std::lock_guard lock(mutex_);
      result = take(std::move(delivery));
    }
    if (result) committed(result);
    return result;
  }

  void hold() {
    set([this] { held_ = true; });
  }
  void release() {
    set([this] { held_ = false; });
  }
  void refuse(ErrorCode code) {
    set([this, code] { refusal_ = code; });
  }
  void accept() {
    set([this] { refusal_.reset(); });
  }

  std::size_t waiting() const {
    std::lock_guard lock(mutex_);
    return waiting_;
  }
  std::size_t refused() const {
    std::lock_guard lock(mutex_);
    return refused_;
  }
  std::vector<Reading> readings() const {
    std::lock_guard lock(mutex_);
    return readings_;
  }
  std::vector<Loss> losses() const {
    std::lock_guard lock(mutex_);
    return losses_;
  }
  std::vector<DeviceChange> devices() const {
    std::lock_guard lock(mutex_);
    return devices_;
  }

  bool has_value(const Value& value) const {
    std::lock_guard lock(mutex_);
    return std::any_of(readings_.begin(), readings_.end(), [&](const auto& one) { return one.value == value; });
  }

 private:
  Result<void> take(Delivery&& delivery) {
    if (refusal_) return ++refused_, Error{*refusal_, "the test refuses"};
    readings_.insert(readings_.end(), delivery.readings.begin(), delivery.readings.end());
    losses_.insert(losses_.end(), delivery.losses.begin(), delivery.losses.end());
    devices_.insert(devices_.end(), delivery.devices.begin(), delivery.devices.end());
    return {};
  }
  template <class Change>
  void set(Change change) {
    std::lock_guard lock(mutex_);
    change();
    released_.notify_all();
  }
  mutable std::mutex mutex_;  // protects all below
  std::condition_variable released_;
  bool held_ = false;
  std::size_t waiting_ = 0, refused_ = 0;
  std::optional<ErrorCode> refusal_;
  std::vector<Reading> readings_;
  std::vector<Loss> losses_;
  std::vector<DeviceChange> devices_;
};

/// Keeps replies and declarations; commits a reply at once unless told otherwise.
class FakeListener final : public firmware::CommandListener {
 public:
  void on_reply(CommandReply reply, std::function<void(bool)> committed) override {
    bool answer = true;
    {
      std::lock_guard lock(mutex_);
      replies_.push_back(std::move(reply));
      answer = commits_;
    }
    committed(answer);
  }
  void on_declared(std::string device, std::vector<DeclaredCommand> commands) override {
    std::lock_guard lock(mutex_);
    declared_.emplace_back(std::move(device), std::move(commands));
  }

  void commit_replies(bool commits) {
    std::lock_guard lock(mutex_);
    commits_ = commits;
  }
  std::vector<CommandReply> replies() const {
    std::lock_guard lock(mutex_);
    return replies_;
  }
  std::vector<std::pair<std::string, std::vector<DeclaredCommand>>> declared() const {
    std::lock_guard lock(mutex_);
    return declared_;
  }

 private:
  mutable std::mutex mutex_;  // protects all below
  bool commits_ = true;
  std::vector<CommandReply> replies_;
  std::vector<std::pair<std::string, std::vector<DeclaredCommand>>> declared_;
};

}  // namespace weir::test
