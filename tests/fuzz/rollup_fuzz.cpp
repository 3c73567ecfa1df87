// Any bytes as a rollup, with a CRC that is right; any readings as rollups, which count them all and hold min <= mean <= max.
#include <cmath>

#include "check.h"
#include "fuzz_values.h"
#include "log/bytes.h"
#include "log/checksum.h"
#include "log/rollup.h"

namespace {

using namespace weir;
using namespace weir::gateway;

const Series series{.id = 1, .device = "d", .metric = "m"};

void hold(const std::vector<Bucket>& buckets) {
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const auto& bucket = buckets[i];
    check(i == 0 || buckets[i - 1].start < bucket.start);
    check(bucket.count > 0 && bucket.numbers <= bucket.count);
    check(bucket.numbers == 0 || (bucket.min <= bucket.mean() && bucket.mean() <= bucket.max));
  }
}

void decode_any(std::string_view bytes) {
  const auto id = rollup_id(series.id, RollupLevel::hour);
  std::string body(bytes);
  put_fixed(body, crc32c(body, seed_of(static_cast<std::uint64_t>(id))), 4);
  if (const auto buckets = decode_buckets(body, id)) hold(*buckets);
}

void round_trip(Input in) {
  RollupBuilder builder;
  std::int64_t value = 0, time = 0;
  std::uint64_t count = 0;
  for (; !in.at_end(); ++count) {
    time = static_cast<std::int64_t>(static_cast<std::uint64_t>(time) + in.take<std::uint8_t>() * std::uint64_t{1'000'000'000});
    if (in.take<std::uint8_t>() >= 240) time = in.take<std::int64_t>();
    Record record{.time = from_nanoseconds(time), .series = &series};
    record.value = take_value(in, in.take<std::uint8_t>(), value);
    const auto* number = std::get_if<double>(&record.value);
    if (number != nullptr && !std::isfinite(*number)) record.value = 0.0;
    builder.add(record);
  }
  for (const auto& row : builder.finish()) {
    const auto buckets = decode_buckets(row.body, row.id);
    check(buckets.ok());
    hold(*buckets);
    std::uint64_t sum = 0;
    for (const auto& bucket : *buckets) sum += bucket.count;
    check(sum == count);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  if (in.take<std::uint8_t>() % 2 == 0) return decode_any(in.rest()), 0;
  return round_trip(in), 0;
}
