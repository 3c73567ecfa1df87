// Readings a second from each decoder, with payloads of the size that devices send.
#include <string>

#include <benchmark/benchmark.h>

#include "decoders/decoder.h"
#include "decoders/push.h"

namespace weir::firmware {
namespace {

/// 100 bytes, as the throughput goal has it.
constexpr const char* json_100 =
    R"({"value":21.53,"unit":"Cel","quality":"uncertain","time":"2026-11-21T10:11:12.345678Z","serial":123})";
constexpr const char* json_many =
    R"({"temperature":21.53,"humidity":40,"pressure":101325.5,"door":true,"mode":"eco","ts":1763719872345})";

Mapping mapping_of(const char* decode, const char* metric) {
  Mapping mapping;
  mapping.decode = decode;
  mapping.device = "boiler";
  mapping.metric = metric;
  mapping.columns = {"time", "temperature", "humidity", "state"};
  return mapping;
}

void decode(benchmark::State& state, const char* format, const char* metric, const std::string& payload) {
  const auto decoder = std::move(make_decoder(mapping_of(format, metric))).value();
  std::int64_t readings = 0;
  for (auto _ : state) {
    Decoded out;
    decoder->decode(payload, "boiler", metric, out);
    readings += static_cast<std::int64_t>(out.readings.size());
    if (!out.rejected.empty()) state.SkipWithError(out.rejected.front().detail.c_str());
  }
  state.SetItemsProcessed(readings);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(payload.size()));
}

void push(benchmark::State& state) {
  std::string body = "[";
  for (int i = 0; i < 100; ++i) body += R"({"device":"boiler","metric":"temperature","value":21.5,"unit":"Cel"},)";
  body.back() = ']';
  for (auto _ : state) {
    auto parsed = parse_push_json(body);
    if (!parsed) state.SkipWithError(parsed.error().message.c_str());
    benchmark::DoNotOptimize(parsed);
  }
  state.SetItemsProcessed(state.iterations() * 100);
}

BENCHMARK_CAPTURE(decode, value, "value", "temperature", "21.53");
BENCHMARK_CAPTURE(decode, json_100_bytes_one_reading, "json", "temperature", json_100);
BENCHMARK_CAPTURE(decode, json_five_readings, "json", "", json_many);
BENCHMARK_CAPTURE(decode, csv_three_readings, "csv", "", "2026-11-21T10:11:12Z,21.53,40,open\n");
BENCHMARK_CAPTURE(decode, key_value_three_readings, "key-value", "", "temp=21.53 hum=40 state=\"open\"\n");
BENCHMARK(push);

}  // namespace
}  // namespace weir::firmware
