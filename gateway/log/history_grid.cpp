#include "log/history_grid.h"

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace weir::gateway {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using namespace std::chrono_literals;

constexpr std::array<seconds, 26> widths = {
    1s, 2s, 5s, 10s, 15s,     30s,     1min,    2min,     5min,     10min,    15min,    30min,     1h,
    2h, 3h, 6h, 12h, days(1), days(2), days(7), days(14), days(30), days(60), days(90), days(180), days(365)};

constexpr std::chrono::sys_seconds origin = std::chrono::sys_days(std::chrono::year(1970) / 1 / 5);
constexpr std::chrono::sys_seconds readings_begin{seconds(limits::reading_time_min_s)};
constexpr std::chrono::sys_seconds readings_end{seconds(limits::reading_time_end_s)};

std::int64_t index_of(Timestamp time, seconds width) {
  const auto since = std::chrono::floor<seconds>(time) - origin;
  return since / width - (since % width < 0s ? 1 : 0);
}

std::int64_t end_of(TimeRange range, seconds width) { return index_of(range.to - 1ns, width) + 1; }

bool fits(TimeRange range, seconds width, std::size_t buckets_max) {
  return static_cast<std::size_t>(end_of(range, width) - index_of(range.from, width)) <= buckets_max;
}

}  // namespace

TimeRange range_of(const HistoryQuery& query) {
  return {std::clamp<Timestamp>(query.from, readings_begin, readings_end),
          std::clamp<Timestamp>(query.to, readings_begin, readings_end)};
}

seconds bucket_width(TimeRange range, std::size_t buckets_max) {
  for (const auto width : widths) {
    if (fits(range, width, buckets_max)) return width;
  }
  auto width = widths.back();
  while (!fits(range, width, buckets_max)) width *= 2;  // ends: a bucket from the origin on holds all times
  return width;
}

HistoryGrid::HistoryGrid(TimeRange range, std::size_t buckets_max)
    : width_(bucket_width(range, std::clamp<std::size_t>(buckets_max, 1, limits::history_buckets_max))),
      first_(index_of(range.from, width_)),
      end_(range.empty() ? first_ : end_of(range, width_)),
      buckets_(static_cast<std::size_t>(end_ - first_)) {}

TimeRange HistoryGrid::range() const { return {origin + first_ * width_, origin + end_ * width_}; }

std::optional<RollupLevel> HistoryGrid::level() const {
  for (const auto level : {RollupLevel::day, RollupLevel::hour, RollupLevel::minute}) {
    if (width_ % gateway::width(level) == 0s) return level;
  }
  return std::nullopt;
}

Bucket* HistoryGrid::at(Timestamp time) {
  const auto index = index_of(time, width_);
  if (index < first_ || index >= end_) return nullptr;
  auto& bucket = buckets_[static_cast<std::size_t>(index - first_)];
  bucket.start = origin + index * width_;
  return &bucket;
}

void HistoryGrid::add(Timestamp time, const Value& value) {
  if (auto* bucket = at(time)) gateway::add(*bucket, time, value);
}

void HistoryGrid::add(const Bucket& part) {
  if (auto* bucket = at(part.start)) merge(*bucket, part);
}

std::vector<Bucket> HistoryGrid::take() {
  std::erase_if(buckets_, [](const Bucket& bucket) { return bucket.count == 0; });
  return std::move(buckets_);
}

}  // namespace weir::gateway
