// Input: what a fuzzer's bytes are made into; zeros when there are no more.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : next_(data), end_(data + size) {}
  bool at_end() const { return next_ == end_; }

  template <class T>
  T take() {
    T value{};
    const auto size = std::min(sizeof(T), static_cast<std::size_t>(end_ - next_));
    if (size > 0) std::memcpy(&value, next_, size);
    next_ += size;
    return value;
  }

  std::string_view rest() const { return {reinterpret_cast<const char*>(next_), static_cast<std::size_t>(end_ - next_)}; }

 private:
  const std::uint8_t* next_;
  const std::uint8_t* end_;
};

}  // namespace weir
