#include "log/pace.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "log/columns.h"

namespace weir::gateway {

namespace {

/// pace_stride * part / whole, where part is at most twice the whole.
std::int64_t share_of_stride(std::uint64_t part, std::uint64_t whole) {
  const auto width = static_cast<unsigned>(std::bit_width(whole));
  const auto shift = width > 56 ? width - 56 : 0;
  whole >>= shift;
  return whole == 0 ? 0 : static_cast<std::int64_t>((part >> shift) * static_cast<std::uint64_t>(pace_stride) / whole);
}

std::uint64_t distance(std::int64_t from, std::int64_t to) {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

}  // namespace

void Pace::add(std::uint32_t number, std::int64_t time) {
  constexpr auto stride = static_cast<std::size_t>(pace_stride);
  while ((times_.size() + 1) * stride <= number) end_stride();
  block_.push_back(time);
  numbers_ = std::size_t{number} + 1;
}

/// Of a part of a stride the middle is elsewhere: it is told from the one before it.
void Pace::finish() {
  if (times_.empty() || numbers_ % static_cast<std::size_t>(pace_stride) == 0) end_stride();
  block_.clear();
}

/// The median, so that one wrong clock does not matter; where there were only events, what was before.
void Pace::end_stride() {
  auto time = times_.empty() ? (block_.empty() ? 0 : block_.front()) : times_.back();
  if (!block_.empty()) {
    const auto middle = block_.begin() + static_cast<std::ptrdiff_t>(block_.size() / 2);
    std::nth_element(block_.begin(), middle, block_.end());
    time = times_.empty() ? *middle : std::max(time, *middle);
  }
  times_.push_back(time);
  block_.clear();
}

std::int64_t Pace::number_at(std::int64_t time, std::size_t& hint) const {
  constexpr std::size_t near = 8;
  const auto last = times_.size() - 1;
  if (time < times_[hint]) hint = 0;
  for (std::size_t steps = 0; steps < near && hint < last && times_[hint + 1] <= time; ++steps) ++hint;
  if (hint < last && times_[hint + 1] <= time) {
    const auto behind = std::upper_bound(times_.begin() + static_cast<std::ptrdiff_t>(hint), times_.end(), time);
    hint = static_cast<std::size_t>(behind - times_.begin()) - 1;
  }
  // Before the first and behind the last it goes on as beside them, for up to two strides.
  const auto from = hint == last && last > 0 ? last - 1 : hint;
  const auto whole = last == 0 ? 0 : distance(times_[from], times_[from + 1]);
  const auto most = whole > ~std::uint64_t{0} / 2 ? whole : 2 * whole;
  const auto middle = static_cast<std::int64_t>(hint) * pace_stride + pace_stride / 2;
  if (time < times_[hint]) return middle - share_of_stride(std::min(distance(time, times_[hint]), most), whole);
  return middle + share_of_stride(std::min(distance(times_[hint], time), most), whole);
}

void Pace::put(std::string& out) const {
  put_varint(out, times_.size());
  put_integers(out, times_);
}

void Pace::read(ByteReader& in) {
  const auto count = in.varint();
  if (count == 0 || count > column_values_max / static_cast<std::size_t>(pace_stride)) return in.fail();
  read_integers(in, count, times_);
  if (in.ok() && !std::is_sorted(times_.begin(), times_.end())) in.fail();
}

}  // namespace weir::gateway
