#include "log/rollup.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "log/rollup_format.h"

namespace weir::gateway {

namespace {

/// As a number; none of a text.
std::optional<double> number_of(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1.0 : 0.0;
  return std::nullopt;
}

void add_numbers(Bucket& bucket, std::uint64_t numbers, double min, double max, double sum) {
  bucket.min = bucket.numbers == 0 ? min : std::min(bucket.min, min);
  bucket.max = bucket.numbers == 0 ? max : std::max(bucket.max, max);
  bucket.sum = bucket.numbers == 0 ? sum : bucket.sum + sum;
  bucket.numbers += numbers;
}

/// What follows each other in time, by a coarser width.
std::vector<Bucket> coarser(const std::vector<Bucket>& buckets, RollupLevel level) {
  std::vector<Bucket> out;
  for (const auto& bucket : buckets) {
    const auto start = start_of(bucket.start, level);
    if (out.empty() || out.back().start != start) out.push_back({.start = start});
    merge(out.back(), bucket);
  }
  return out;
}

}  // namespace

std::chrono::seconds width(RollupLevel level) {
  switch (level) {
    case RollupLevel::minute: return std::chrono::minutes(1);
    case RollupLevel::hour: return std::chrono::hours(1);
    case RollupLevel::day: return std::chrono::days(1);
  }
  return {};
}

Timestamp start_of(Timestamp time, RollupLevel level) {
  // The first whole day that a Timestamp can tell: nothing is before it.
  constexpr auto first = std::chrono::ceil<std::chrono::days>(Timestamp::min() + std::chrono::days(1));
  const auto since = std::max(time, Timestamp(first)).time_since_epoch();
  const std::chrono::nanoseconds size = width(level);
  const auto behind = since % size;
  return Timestamp(since - (behind.count() < 0 ? behind + size : behind));
}

double Bucket::mean() const {
  const auto plain = sum / static_cast<double>(numbers);
  return std::isfinite(plain) ? std::clamp(plain, min, max) : min / 2 + max / 2;
}

void add(Bucket& bucket, Timestamp time, const Value& value) {
  if (const auto number = number_of(value)) add_numbers(bucket, 1, *number, *number, *number);
  if (bucket.count++ > 0 && time < bucket.last_time) return;
  bucket.last_time = time;
  bucket.last = value;
}

void merge(Bucket& bucket, const Bucket& later) {
  if (later.numbers > 0) add_numbers(bucket, later.numbers, later.min, later.max, later.sum);
  const bool newer = bucket.count == 0 || later.last_time >= bucket.last_time;
  bucket.count += later.count;
  if (!newer || later.count == 0) return;
  bucket.last_time = later.last_time;
  bucket.last = later.last;
}

void RollupBuilder::add(const Record& reading) {
  const auto id = reading.series->id;
  if (id >= minutes_.size()) minutes_.resize(std::size_t{id} + 1);
  auto& minutes = minutes_[id];
  const auto start = start_of(reading.time, RollupLevel::minute);
  auto* bucket = find_recent(minutes, start);
  if (bucket == nullptr) {
    if (minutes.buckets.size() >= minutes.tidy_at) tidy(minutes);
    if (minutes.buckets.size() >= rollup_buckets_max) return void(++refused_);
    bucket = &minutes.buckets.emplace_back(Bucket{.start = start});
  }
  gateway::add(*bucket, std::max(reading.time, start), reading.value);
}

/// Readings come in order, or a little late.
Bucket* RollupBuilder::find_recent(Minutes& minutes, Timestamp start) {
  constexpr std::ptrdiff_t few = 4;
  auto& buckets = minutes.buckets;
  const auto end = buckets.rend() - buckets.rbegin() > few ? buckets.rbegin() + few : buckets.rend();
  const auto found = std::find_if(buckets.rbegin(), end, [start](const Bucket& bucket) { return bucket.start == start; });
  return found == end ? nullptr : &*found;
}

/// By time, one for each minute. Of one minute's the order stays: numbers decide between equal times.
void RollupBuilder::tidy(Minutes& minutes) {
  auto& buckets = minutes.buckets;
  const auto by_start = [](const Bucket& a, const Bucket& b) { return a.start < b.start; };
  if (!std::is_sorted(buckets.begin(), buckets.end(), by_start)) std::stable_sort(buckets.begin(), buckets.end(), by_start);
  buckets = coarser(buckets, RollupLevel::minute);
  minutes.tidy_at = std::max<std::size_t>(64, std::min(buckets.size() * 2, rollup_buckets_max));
}

std::vector<RollupBuilder::Row> RollupBuilder::finish() {
  std::vector<Row> rows;
  for (std::uint32_t series = 0; series < minutes_.size(); ++series) {
    if (minutes_[series].buckets.empty()) continue;
    tidy(minutes_[series]);
    auto buckets = std::move(minutes_[series].buckets);
    for (const auto level : {RollupLevel::minute, RollupLevel::hour, RollupLevel::day}) {
      if (level != RollupLevel::minute) buckets = coarser(buckets, level);
      const auto id = rollup_id(series, level);
      rows.push_back({id, encode_buckets(buckets, id)});
    }
  }
  minutes_.clear();
  return rows;
}

std::int64_t rollup_id(std::uint32_t series, RollupLevel level) {
  return static_cast<std::int64_t>(std::uint64_t{series} << 2U | static_cast<std::uint64_t>(level));
}

}  // namespace weir::gateway
