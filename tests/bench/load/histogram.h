// Histogram: percentiles of latencies without keeping every one.
//
// Purpose    a bucket for each 1/64 of a power of two: a percentile is right to 1.6 %.
// Thread     belongs to one thread.
// Ownership  owns its buckets, 29 KiB.
// Limits     any 64-bit number of nanoseconds.
// Errors     none.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace weir::bench {

class Histogram {
 public:
  void add(std::uint64_t value) {
    ++buckets_[bucket(value)];
    ++count_;
    if (value > longest_) longest_ = value;
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t longest() const { return longest_; }

  /// The largest value of the bucket in which the share (0 to 1) is reached.
  std::uint64_t at(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      sum += buckets_[i];
      if (sum > wanted) return upper(i) < longest_ ? upper(i) : longest_;
    }
    return longest_;
  }

 private:
  static constexpr unsigned fine = 6;  // bits after the leading one

  static std::size_t bucket(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= fine) return value;
    const auto shift = width - fine - 1;
    return ((std::size_t{shift} + 1) << fine) + ((value >> shift) - (1U << fine));
  }
  static std::uint64_t upper(std::size_t index) {
    if (index < (1U << fine)) return index;
    const auto shift = (index >> fine) - 1;
    return (((index & ((1U << fine) - 1)) + (1U << fine) + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - fine + 1) << fine> buckets_{};
  std::uint64_t count_ = 0, longest_ = 0;
};

}  // namespace weir::bench
