// The record of servers that are not Weir: 120 bytes of JSON with a counter and a time stamp.
//
// Purpose    what bench-bare-loop, the servers in Node and Nchan deliver, so that they are verified as Weir is.
// Thread     pure functions.
// Ownership  none.
// Limits     exactly 120 bytes, about as much as a reading of Weir.
// Errors     none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include <time.h>

namespace weir::bench {

/// CLOCK_MONOTONIC, which every process of this machine shares.
inline std::uint64_t monotonic_ns() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

class GenericRecord {
 public:
  GenericRecord(std::uint64_t counter, std::uint64_t now) {
    text_.fill('x');
    const auto head = std::snprintf(text_.data(), text_.size(), R"({"counter":%llu,"ns":%llu,"pad":")",
                                    static_cast<unsigned long long>(counter), static_cast<unsigned long long>(now));
    text_[static_cast<std::size_t>(head)] = 'x';
    text_[text_.size() - 2] = '"', text_.back() = '}';
  }
  std::string_view view() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 120> text_;
};

}  // namespace weir::bench
