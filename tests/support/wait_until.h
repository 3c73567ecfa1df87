// wait_until: tests wait for a condition, never for a time.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace weir::test {

/// True as soon as `condition` is; false when it isn't after `patience`. Looks often enough to be as good as a signal.
inline bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds patience = std::chrono::seconds(15)) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace weir::test
