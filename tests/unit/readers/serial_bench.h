// What the serial tests share: a reader on a loop of its own, and a device on a pseudo-terminal.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "readers/serial/serial_reader.h"
#include "support/fake_intake.h"
#include "support/loop_thread.h"
#include "support/pty.h"
#include "support/wait_until.h"
#include "unit/wire/frames.h"
#include "wire/hello.h"
#include "wire/senml.h"

namespace weir::test {

/// Keeps deliveries with their marks; commits them at once, or when the test says so.
class SerialIntake final : public Intake {
  template <class Change>
  void set(Change change) {
    std::lock_guard lock(mutex_);
    change();
  }
  template <class Get>
  auto read(Get get) const {
    std::lock_guard lock(mutex_);
    return get();
  }
  template <class Item, class Of>
  std::vector<Item> gathered(Of of) const {
    return read([&] {
      std::vector<Item> all;
      for (const auto& delivery : deliveries_) {
        for (const auto& item : of(delivery)) all.push_back(item);
      }
      return all;
    });
  }

 public:
  Result<void> deliver_and_wait(Delivery&&, std::chrono::milliseconds) override { return Error{ErrorCode::io, "not for serial"}; }
  Result<void> deliver(Delivery&& delivery, std::function<void(const Result<void>&)> committed) override {
    std::lock_guard lock(mutex_);
    if (full_) return ++refused_, Error{ErrorCode::full, "the test is full"};
    deliveries_.push_back(std::move(delivery));
    holding_ ? waiting_.push_back(std::move(committed)) : committed({});
    return {};
  }

  void hold() {
    set([this] { holding_ = true; });
  }
  void full(bool full) {
    set([&] { full_ = full; });
  }
  /// Answers what waits.
  void commit(const Result<void>& result = {}) {
    std::vector<std::function<void(const Result<void>&)>> waiting;
    set([&] { waiting.swap(waiting_); });
    for (const auto& committed : waiting) committed(result);
  }

  std::size_t refused() const {
    return read([this] { return refused_; });
  }
  std::vector<Reading> readings() const {
    return gathered<Reading>([](const auto& one) { return one.readings; });
  }
  std::vector<Loss> losses() const {
    return gathered<Loss>([](const auto& one) { return one.losses; });
  }
  std::vector<DeviceChange> devices() const {
    return gathered<DeviceChange>([](const auto& one) { return one.devices; });
  }
  std::vector<NodeMark> marks() const {
    return gathered<NodeMark>([](const auto& one) { return one.mark ? std::vector{*one.mark} : std::vector<NodeMark>(); });
  }
  std::uint64_t lost(std::string_view reason) const {
    std::uint64_t count = 0;
    for (const auto& loss : losses()) count += loss.reason == reason ? loss.count : 0;
    return count;
  }
  bool has(const Value& value) const {
    const auto all = readings();
    return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.value == value; });
  }
  bool last_state(const std::string& device, DeviceState state) const {
    const auto all = devices();
    const auto found = std::find_if(all.rbegin(), all.rend(), [&](const auto& one) { return one.device == device; });
    return found != all.rend() && found->state == state;
  }

 private:
  mutable std::mutex mutex_;  // protects all below
  std::vector<Delivery> deliveries_;
  std::vector<std::function<void(const Result<void>&)>> waiting_;
  bool holding_ = false, full_ = false;
  std::size_t refused_ = 0;
};

class SerialBench {
 public:
  explicit SerialBench(firmware::SerialOptions options, firmware::PortRoots roots = {}) {
    options.name = "bench";
    loop.call([&] {
      reader = std::move(firmware::SerialReader::create(std::move(options), {loop.loop(), intake, listener, loop.clock()},
                                                        std::move(roots)))
                   .value();
      reader->start();
    });
  }
  ~SerialBench() {
    loop.call([this] { reader.reset(); });
  }
  SerialBench(const SerialBench&) = delete;
  SerialBench& operator=(const SerialBench&) = delete;

  bool connects(std::uint64_t times = 1) {
    return wait_until([&] { return reader->status().connected && reader->status().connects >= times; });
  }

  /// Sends a command and waits until it was `sent`, or was not.
  Result<void> send(const std::string& device, const std::string& args = "{}") {
    std::promise<Result<void>> answer;
    const Command command{"c1", device, "set", args, loop.clock().wall() + std::chrono::seconds(10)};
    loop.call([&] { reader->send(command, [&](Result<void> sent) { answer.set_value(std::move(sent)); }); });
    return answer.get_future().get();
  }

  LoopThread loop;
  SerialIntake intake;
  FakeListener listener;
  std::unique_ptr<firmware::SerialReader> reader;
};

inline firmware::SerialOptions serial_options(const std::string& path, firmware::Framing framing) {
  firmware::SerialOptions options;
  options.port.path = path;
  options.framing = framing;
  return options;
}

}  // namespace weir::test
