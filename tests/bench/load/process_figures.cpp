#include "load/process_figures.h"

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include <time.h>
#include <unistd.h>

namespace weir::bench {

std::uint64_t cpu_ns_of(pid_t pid) {
  clockid_t clock = 0;
  timespec used = {};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
    throw std::runtime_error("no process " + std::to_string(pid));
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(used.tv_nsec);
}

std::uint64_t resident_bytes_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t size = 0, resident = 0;
  if (!(file >> size >> resident)) throw std::runtime_error("no process " + std::to_string(pid));
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t resident_peak_of(pid_t pid) {
  constexpr std::string_view name = "VmHWM:";
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name)) return std::stoull(line.substr(name.size())) * 1024;
  throw std::runtime_error("no process " + std::to_string(pid));
}

}  // namespace weir::bench
