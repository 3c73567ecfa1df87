// What a record costs on its way out: encoding it, and pulling it through a filter.
#include <benchmark/benchmark.h>

#include "stream/subscription.h"
#include "support/fake_log.h"

namespace weir::gateway {
namespace {

constexpr std::size_t records_in_log = 1'000'000;
constexpr std::size_t records_in_block = 100;
constexpr int devices = 100;

/// Counts, as cheap a framing as there is.
class CountingSink final : public RecordSink {
 public:
  Format format() const override { return Format::json; }
  void record(const Record&, std::string_view text, Cursor) override { bytes_ += text.size(), ++records; }
  void gap(std::string_view text, Cursor) override { bytes_ += text.size(); }
  std::size_t bytes() const override { return bytes_; }

  std::size_t records = 0;

 private:
  std::size_t bytes_ = 0;
};

FakeLog& million() {
  static FakeLog log;
  if (log.head() != 0) return log;
  for (std::size_t i = 0; i < records_in_log; ++i) {
    if (i % records_in_block == 0) log.begin();
    log.add_reading("device-" + std::to_string(i % devices), "temperature", 20.0 + static_cast<double>(i % 977) / 16, log.tick(),
                    "Cel");
    if (i % records_in_block == records_in_block - 1) log.commit();
  }
  return log;
}

template <void (*encode)(std::string&, const Record&, Marks)>
void encode_record(benchmark::State& state) {
  const BlockPtr block = million().read_now(0, records_in_block);
  std::string out;
  std::size_t next = 0;
  for (auto _ : state) {
    if (next++ % records_in_block == 0) out.clear();
    encode(out, block->records[next % records_in_block], Marks{});
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(encode_record<append_json>);
BENCHMARK(encode_record<append_cbor>);

/// The whole log through one filter; items are all records, matching or not.
void pull_million(benchmark::State& state, const char* device_glob) {
  FakeLog& log = million();
  const Latest latest(log);
  std::size_t sent = 0;
  for (auto _ : state) {
    EncodedBlocks encoded;
    StreamQuery query;
    query.start = Start::earliest;
    query.filter = *Filter::parse("", device_glob, "");
    Subscription subscription(log, latest, encoded, std::move(query), false, std::nullopt);
    CountingSink sink;
    while (subscription.pull(sink, ~std::size_t{0}, records_in_log, Monotonic{}) == Subscription::Next::more) {
    }
    sent = sink.records;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * records_in_log));
  state.counters["sent"] = static_cast<double>(sent);
}
BENCHMARK_CAPTURE(pull_million, everything, "")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pull_million, one_percent, "device-7")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pull_million, nothing, "nobody")->Unit(benchmark::kMillisecond);

/// A new block of 100 records to each of N clients at the head; items are deliveries.
void fan_out(benchmark::State& state) {
  FakeLog log;
  const Latest latest(log);
  EncodedBlocks encoded;
  std::vector<Subscription> clients;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    clients.emplace_back(log, latest, encoded, StreamQuery{}, false, std::nullopt);
  CountingSink sink;
  for (auto _ : state) {
    state.PauseTiming();
    log.begin();
    for (std::size_t i = 0; i < records_in_block; ++i) log.add_reading("device-" + std::to_string(i), "temperature", 21.5);
    log.commit();
    state.ResumeTiming();
    for (auto& client : clients) client.pull(sink, ~std::size_t{0}, records_in_block, Monotonic{});
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(sink.records));
}
BENCHMARK(fan_out)->Arg(1)->Arg(1000);

}  // namespace
}  // namespace weir::gateway
