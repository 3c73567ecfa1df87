// Bytes: what the file system is given for each reading, and what is kept of it. Time is simulated.
#include <fstream>

#include "fixture.h"
#include "parts.h"
#include "support/manual_clock.h"

namespace weir::gateway::bench {

namespace {

using std::chrono::seconds;

constexpr auto sensor_period = std::chrono::milliseconds(100);

struct Run {
  std::size_t rate;  // readings a second
  bool budget;       // so small that commits are gathered for ten seconds
  std::size_t seconds_before, seconds_measured;
  std::string goal;
};

/// A log whose second passes when it is told to.
class SimulatedLog {
 public:
  SimulatedLog(std::uint32_t sensors, std::chrono::nanoseconds period, std::uint64_t budget, const std::filesystem::path& parent)
      : folder_(parent), sensors_(sensors, period), clock_(start_time) {
    LogOptions options{.file = folder_.path() / "weir.db", .size_max = 100'000'000'000, .flash_budget_per_day = budget};
    options.background = false;
    log_ = open_log(options, clock_);
  }

  void pass_seconds(std::size_t count, std::size_t readings_each) {
    for (; count > 0; --count) {
      clock_.advance(seconds(1));
      append(*log_, delivery_of(sensors_, readings_each));
      must(log_->tend());
    }
  }

  LogStats stats() const { return log_->stats(); }
  std::filesystem::path folder() const { return folder_.path(); }

 private:
  tests::TemporaryFolder folder_;
  Sensors sensors_;
  ManualClock clock_;
  std::unique_ptr<Log> log_;
};

void written(const Run& run) {
  SimulatedLog log(static_cast<std::uint32_t>(run.rate / 10), sensor_period, run.budget ? 1 : 0, memory_folder());
  log.pass_seconds(run.seconds_before, run.rate);
  const auto before = log.stats().written_bytes;
  log.pass_seconds(run.seconds_measured, run.rate);
  const auto bytes = static_cast<double>(log.stats().written_bytes - before);
  figure("written at " + std::to_string(run.rate) + " readings/s, synced each " + (run.budget ? "10 s" : "second"),
         bytes / static_cast<double>(run.rate * run.seconds_measured), "B/reading", run.goal);
}

/// The same by the kernel's count, on a real file system: fewer seconds, and folding is not in it.
void written_by_the_kernel() {
  constexpr std::size_t rate = 1000, seconds_measured = 100;
  SimulatedLog log(rate / 10, sensor_period, 0, std::filesystem::temp_directory_path());
  log.pass_seconds(10, rate);
  const auto count = [] { return proc_number("/proc/self/io", "write_bytes:"); };
  const auto before = count(), ours = static_cast<double>(log.stats().written_bytes);
  log.pass_seconds(seconds_measured, rate);
  const auto readings = static_cast<double>(rate * seconds_measured);
  figure("the journal alone at 1000 readings/s", (static_cast<double>(log.stats().written_bytes) - ours) / readings, "B/reading");
  figure("the same, as /proc/self/io counts it", (count() - before) / readings, "B/reading");
}

/// A hundred sensors once a second: how many readings a file of the journal holds, and what the database grows by for each
/// when a whole number of days is added, rollups and all.
void stored() {
  constexpr std::size_t day = 86'400;
  SimulatedLog log(100, seconds(1), 0, memory_folder());
  std::uint64_t in_one_part = 0;
  std::size_t passed = 0;
  for (; in_one_part == 0; passed += 60) {
    log.pass_seconds(60, 100);
    in_one_part = log.stats().folded_records;
  }
  const auto size = [&](const char* name) { return static_cast<double>(std::filesystem::file_size(log.folder() / name)); };
  figure("stored before folding", size("weir.db-journal-0") / static_cast<double>(in_one_part), "B/reading", "≤ 30");
  log.pass_seconds(day + 3600 - passed, 100);
  const auto before = log.stats();
  const auto bytes_before = size("weir.db");
  log.pass_seconds((full() ? 9 : 2) * day, 100);
  const auto stats = log.stats();
  const auto readings = static_cast<double>(stats.folded_records - before.folded_records);
  figure("stored after folding, chunks alone", static_cast<double>(stats.folded_bytes - before.folded_bytes) / readings,
         "B/reading");
  figure("stored after folding, all that the database grows by", (size("weir.db") - bytes_before) / readings, "B/reading", "≤ 2");
}

}  // namespace

int disk() {
  stored();
  const std::size_t more = full() ? 10 : 1;
  for (const auto& run : std::vector<Run>{{10, false, 9'000, 18'000 * more, "≤ 1100"},
                                          {1000, false, 1500, 6'000 * more, "≤ 28"},
                                          {10'000, false, 300, 2'400 * more, "≤ 13"},
                                          {10, true, 20'000, 90'000 * more, "≤ 120"},
                                          {1000, true, 2'000, 6'000 * more, "≤ 12"},
                                          {10'000, true, 1'200, 2'400 * more, "≤ 8"}})
    written(run);
  written_by_the_kernel();
  return 0;
}

}  // namespace weir::gateway::bench
