// A log in a folder of its own, what is appended to it, and what it takes on the disk.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "figures.h"
#include "log/log.h"
#include "support/temporary_folder.h"

namespace weir::gateway::bench {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}
inline void must(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

/// WEIR_BENCH_FULL=1: as large as the goals say, which takes long.
inline bool full() {
  const char* value = std::getenv("WEIR_BENCH_FULL");
  return value != nullptr && std::string(value) == "1";
}

/// Of memory, for what counts bytes and needs no real disk: a sync there costs nothing.
inline std::filesystem::path memory_folder() {
  const std::filesystem::path shared = "/dev/shm";
  return std::filesystem::exists(shared) ? shared : std::filesystem::temp_directory_path();
}

inline std::unique_ptr<Log> open_log(LogOptions options, const Clock& clock) {
  const auto on_fatal = [](const Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    std::_Exit(1);
  };
  return must(Log::open(options, clock, {[] {}, on_fatal}));
}

inline Delivery delivery_of(Sensors& sensors, std::size_t readings) {
  Delivery out{.reader = "bench"};
  out.readings.reserve(readings);
  for (std::size_t i = 0; i < readings; ++i) {
    const auto record = sensors.next();
    Reading reading{
        .device = record.series->device, .metric = record.series->metric, .value = record.value, .unit = *record.unit};
    reading.time = record.time;
    out.readings.push_back(std::move(reading));
  }
  return out;
}

inline void append(Log& log, Delivery&& delivery) {
  Append append;
  append.delivery = std::move(delivery);
  (void)must(log.append_and_wait(std::move(append), std::chrono::seconds(60)));
}

/// A number behind `name` in a file of /proc: "VmRSS:  1234 kB".
double proc_number(const char* file, const std::string& name);

}  // namespace weir::gateway::bench
