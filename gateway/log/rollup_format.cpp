#include "log/rollup_format.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>

#include "log/checksum.h"
#include "log/columns.h"

// A body: how many buckets; flags; a column each of starts (in widths), of the last times (from the start) and of the last
// values; unless each bucket has one reading, a column each of counts, of numbers where they differ from the counts, and of
// min, max and sum where there are numbers; a CRC-32C seeded with the id.
namespace weir::gateway {

namespace {

enum RollupFlags : std::uint8_t {
  rollup_single = 1,       // one reading in each: all else follows from the last
  rollup_all_numbers = 2,  // each reading is a number
};
constexpr std::uint8_t rollup_flags_all = 3;

/// One for each thread: its memory is used again.
struct Scratch {
  std::vector<std::int64_t> integers, counts, numbers;
  std::vector<double> doubles, mins, maxs, sums;
  std::vector<Value> values;
};
thread_local Scratch scratch;

RollupLevel level_of(std::int64_t id) { return static_cast<RollupLevel>(id & 3); }

std::int64_t width_ns(RollupLevel level) { return std::chrono::nanoseconds(width(level)).count(); }

template <class Of>
void put_integers_of(std::string& out, const std::vector<Bucket>& buckets, Of of) {
  scratch.integers.clear();
  for (const auto& bucket : buckets) scratch.integers.push_back(static_cast<std::int64_t>(of(bucket)));
  put_integers(out, scratch.integers);
}

/// Of buckets with numbers.
template <class Of>
void put_doubles_of(std::string& out, const std::vector<Bucket>& buckets, Of of) {
  scratch.doubles.clear();
  for (const auto& bucket : buckets) {
    if (bucket.numbers > 0) scratch.doubles.push_back(of(bucket));
  }
  put_doubles(out, scratch.doubles);
}

/// How many decimals the smallest and the largest readings have; none where it is not clear.
std::optional<double> decimals_power(const std::vector<Bucket>& buckets) {
  constexpr std::array<double, 7> powers = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
  const auto fits = [&buckets](double power) {
    return std::all_of(buckets.begin(), buckets.end(), [power](const Bucket& bucket) {
      const auto whole = [power](double value) { return std::round(value * power) / power == value; };
      return whole(bucket.min) && whole(bucket.max);
    });
  };
  const auto* found = std::find_if(powers.begin(), powers.end(), fits);
  return found == powers.end() ? std::nullopt : std::optional(*found);
}

/// Adding n numbers is off by n rounding errors at most: a sum with few decimals so near is the true one.
double rounded_sum(const Bucket& bucket, double power) {
  const auto rounded = std::round(bucket.sum * power) / power;
  const auto numbers = static_cast<double>(bucket.numbers);
  const auto largest = std::max(std::abs(bucket.min), std::abs(bucket.max)) * numbers;
  return std::abs(rounded - bucket.sum) <= largest * numbers * 0x1p-53 ? rounded : bucket.sum;
}

void put_numbers(std::string& out, const std::vector<Bucket>& buckets, unsigned flags) {
  put_integers_of(out, buckets, [](const Bucket& bucket) { return bucket.count; });
  if (!(flags & rollup_all_numbers)) put_integers_of(out, buckets, [](const Bucket& bucket) { return bucket.numbers; });
  put_doubles_of(out, buckets, [](const Bucket& bucket) { return bucket.min; });
  put_doubles_of(out, buckets, [](const Bucket& bucket) { return bucket.max; });
  const auto power = decimals_power(buckets);
  put_doubles_of(out, buckets, [power](const Bucket& bucket) { return power ? rounded_sum(bucket, *power) : bucket.sum; });
}

void read_lasts(ByteReader& in, std::int64_t size, std::vector<Bucket>& out) {
  auto& [integers, counts, numbers, doubles, mins, maxs, sums, values] = scratch;
  read_integers(in, out.size(), integers);  // starts
  read_integers(in, out.size(), counts);    // times from them
  read_values(in, out.size(), values);
  if (!in.ok()) return;
  constexpr auto latest = std::numeric_limits<std::int64_t>::max();
  const auto most = latest / size;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (integers[i] < -most || integers[i] > most || counts[i] < 0 || counts[i] >= size) return in.fail();
    if (i > 0 && integers[i] <= integers[i - 1]) return in.fail();
    const auto start = integers[i] * size;
    if (start > latest - counts[i]) return in.fail();
    out[i].start = from_nanoseconds(start);
    out[i].last_time = from_nanoseconds(start + counts[i]);
    out[i].last = std::move(values[i]);
  }
}

void read_counts(ByteReader& in, unsigned flags, std::vector<Bucket>& out) {
  auto& counts = scratch.counts;
  auto& numbers = scratch.numbers;
  read_integers(in, out.size(), counts);
  if (!(flags & rollup_all_numbers)) read_integers(in, out.size(), numbers);
  if (!in.ok()) return;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto count = counts[i], of_numbers = (flags & rollup_all_numbers) ? count : numbers[i];
    if (count <= 0 || of_numbers < 0 || of_numbers > count) return in.fail();
    out[i].count = static_cast<std::uint64_t>(count);
    out[i].numbers = static_cast<std::uint64_t>(of_numbers);
  }
}

void read_numbers(ByteReader& in, std::vector<Bucket>& out) {
  auto& [integers, counts, numbers, doubles, mins, maxs, sums, values] = scratch;
  const auto with_numbers = std::count_if(out.begin(), out.end(), [](const Bucket& bucket) { return bucket.numbers > 0; });
  for (auto* column : {&mins, &maxs, &sums}) read_doubles(in, static_cast<std::size_t>(with_numbers), *column);
  if (!in.ok()) return;
  std::size_t next = 0;
  for (auto& bucket : out) {
    if (bucket.numbers == 0) continue;
    bucket.min = mins[next], bucket.max = maxs[next], bucket.sum = sums[next];
    if (!(bucket.min <= bucket.max)) return in.fail();
    ++next;
  }
}

/// What follows from a bucket's only reading.
void fill_single(Bucket& bucket) {
  Bucket out{.start = bucket.start};
  add(out, bucket.last_time, bucket.last);
  bucket = std::move(out);
}

std::vector<Bucket> read_buckets(ByteReader& in, RollupLevel level) {
  const auto count = in.varint();
  const auto flags = in.byte();
  if (count > rollup_buckets_max || flags > rollup_flags_all) in.fail();
  if (!in.ok()) return {};
  std::vector<Bucket> out(count);
  read_lasts(in, width_ns(level), out);
  if (!in.ok()) return {};
  if (flags & rollup_single) {
    for (auto& bucket : out) fill_single(bucket);
    return out;
  }
  read_counts(in, flags, out);
  if (in.ok()) read_numbers(in, out);
  return out;
}

}  // namespace

std::string encode_buckets(const std::vector<Bucket>& buckets, std::int64_t id) {
  assert(buckets.size() <= rollup_buckets_max);
  const auto size = width_ns(level_of(id));
  const auto all = [&buckets](auto holds) { return std::all_of(buckets.begin(), buckets.end(), holds); };
  unsigned flags = 0;
  if (all([](const Bucket& bucket) { return bucket.count == 1; })) flags |= rollup_single;
  if (all([](const Bucket& bucket) { return bucket.numbers == bucket.count; })) flags |= rollup_all_numbers;
  std::string out;
  put_varint(out, buckets.size());
  out.push_back(static_cast<char>(flags));
  put_integers_of(out, buckets, [size](const Bucket& bucket) { return to_nanoseconds(bucket.start) / size; });
  put_integers_of(out, buckets, [](const Bucket& bucket) { return (bucket.last_time - bucket.start).count(); });
  scratch.values.clear();
  for (const auto& bucket : buckets) scratch.values.push_back(bucket.last);
  put_values(out, scratch.values);
  if (!(flags & rollup_single)) put_numbers(out, buckets, flags);
  put_fixed(out, crc32c(out, seed_of(static_cast<std::uint64_t>(id))), 4);
  return out;
}

Result<std::vector<Bucket>> decode_buckets(std::string_view body, std::int64_t id) {
  const Error damaged{ErrorCode::invalid, "the log's rollup " + std::to_string(id) + " is damaged"};
  if (body.size() < 4 || level_of(id) > RollupLevel::day) return damaged;
  ByteReader crc(body.substr(body.size() - 4));
  body.remove_suffix(4);
  if (crc.fixed(4) != crc32c(body, seed_of(static_cast<std::uint64_t>(id)))) return damaged;
  ByteReader in(body);
  auto out = read_buckets(in, level_of(id));
  if (!in.ok() || !in.rest().empty()) return damaged;
  return out;
}

}  // namespace weir::gateway
