// bench-load: many clients of one server, each of which verifies what it gets. Run by ../delivery.mjs.
#include <cstdio>
#include <exception>

#include <sys/resource.h>

#include "load/load.h"

namespace {

using namespace weir::bench;

void raise_descriptor_limit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void print_count(const char* name, std::uint64_t value) {
  std::printf(R"("%s":%llu,)", name, static_cast<unsigned long long>(value));
}

void print_verified(const Figures& figures) {
  print_count("connected", figures.connected);
  print_count("closed", figures.closed);
  print_count("published", figures.published);
  print_count("verified", figures.verified);
  print_count("lost", figures.faults.lost);
  print_count("repeated", figures.faults.repeated);
  print_count("out_of_order", figures.faults.out_of_order);
  print_count("wrong_ids", figures.wrong_ids);
}

void print_server(const Figures& figures) {
  const auto delivered = static_cast<double>(figures.delivered);
  const auto cpu = static_cast<double>(figures.server_cpu_ns);
  if (figures.delivered > 0) std::printf(R"("cpu_us_per_record":%.4f,)", cpu / 1e3 / delivered);
  std::printf(R"("cpu_share":%.3f,)", cpu / 1e9 / figures.seconds);
  const auto grown = static_cast<double>(figures.resident_connected) - static_cast<double>(figures.resident_before);
  std::printf(R"("resident_bytes_per_connection":%.0f,)", grown / static_cast<double>(figures.connected));
  print_count("resident_before", figures.resident_before);
  print_count("resident_connected", figures.resident_connected);
  print_count("resident_end", figures.resident_end);
  print_count("resident_peak", figures.resident_peak);
}

void print_latencies(const Histogram& latencies) {
  const auto ms = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e6; };
  std::printf(R"("p50_ms":%.3f,"p90_ms":%.3f,"p99_ms":%.3f,"p99_9_ms":%.3f,"longest_ms":%.3f)", ms(latencies.at(0.5)),
              ms(latencies.at(0.9)), ms(latencies.at(0.99)), ms(latencies.at(0.999)), ms(latencies.longest()));
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const auto options = parse_options(count, arguments);
    raise_descriptor_limit();
    Load load(options);
    const auto figures = load.run();
    std::printf("{");
    print_verified(figures);
    print_count("delivered", figures.delivered);
    std::printf(R"("seconds":%.3f,"records_per_second":%.0f,)", figures.seconds,
                static_cast<double>(figures.delivered) / figures.seconds);
    if (options.pid > 0) print_server(figures);
    print_latencies(load.latencies());
    std::printf("}\n");
    return figures.sound() ? 0 : 1;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "bench-load: %s\n%s", failure.what(), count == 1 ? usage : "");
    return 2;
  }
}
