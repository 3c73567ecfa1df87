// A cursor over all that is folded, and a start after a kill -9.
#include <future>

#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "parts.h"
#include "support/manual_clock.h"

namespace weir::gateway::bench {

namespace {

using std::chrono::seconds;

constexpr std::uint64_t no_limit = 100'000'000'000;
constexpr int rounds = 5;

/// What `ask` hands to its callback on the log's own thread.
template <class T>
T answer(const std::function<void(std::function<void(Result<T>)>)>& ask) {
  std::promise<Result<T>> promise;
  ask([&promise](Result<T> result) { promise.set_value(std::move(result)); });
  return must(promise.get_future().get());
}

/// Texts that nothing makes shorter: for a log that is large.
std::string noise(std::mt19937_64& random, std::size_t size) {
  std::string out(size, ' ');
  for (auto& letter : out) letter = static_cast<char>('!' + random() % 90);
  return out;
}

void add_noise(Delivery& delivery, std::mt19937_64& random, std::size_t texts, Timestamp time) {
  constexpr std::size_t text_bytes = 4000;
  for (; texts > 0; --texts) {
    Reading reading{.device = "beside", .metric = "text" + std::to_string(texts % 10), .value = noise(random, text_bytes)};
    reading.time = time;
    delivery.readings.push_back(std::move(reading));
  }
}

// --- A cursor

/// A hundred sensors once a second for so long; returns the newest number that is folded.
std::uint64_t fill(const LogOptions& options, std::size_t count) {
  ManualClock clock(start_time);
  Sensors sensors(100);
  const auto log = open_log(options, clock);
  for (; count > 0; --count) {
    clock.advance(seconds(1));
    append(*log, delivery_of(sensors, 100));
    must(log->tend());
  }
  const auto folded = log->stats().folded_records;
  log->close();
  return folded;
}

void read_through(Log& log, std::uint64_t last) {
  constexpr std::size_t page = 10'000;
  for (std::uint64_t after = 0; after < last;) {
    const auto block = answer<BlockPtr>([&](auto done) { log.read(after, page, std::move(done)); });
    if (!block) throw std::runtime_error("a cursor found nothing behind " + std::to_string(after));
    after = block->last();
  }
}

double megabytes(const LogStats& stats) { return static_cast<double>(stats.bytes) / 1e6; }

// --- A start

/// Until the log has so many bytes, then readings of a few bytes, a killed process in the middle of them.
[[noreturn]] void fill_and_die(const LogOptions& options, std::uint64_t bytes) {
  const SystemClock clock;
  const auto log = open_log(options, clock);
  std::mt19937_64 random(static_cast<std::uint64_t>(getpid()));
  while (log->stats().bytes < bytes) {
    Delivery delivery{.reader = "bench"};
    add_noise(delivery, random, 200, clock.wall());
    append(*log, std::move(delivery));
  }
  Sensors sensors(100, seconds(1), clock.wall());
  for (std::size_t batches = 2000 + random() % 1000; batches > 0; --batches) append(*log, delivery_of(sensors, 1000));
  kill(getpid(), SIGKILL);
  std::abort();
}

double open_after_kill_ms(const LogOptions& options, std::uint64_t bytes, LogStats& stats) {
  const auto child = fork();
  if (child == 0) fill_and_die(options, bytes);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) throw std::runtime_error("the filling process ended by itself");
  const SystemClock clock;
  std::unique_ptr<Log> log;
  const auto ms = 1000 * seconds_of([&] { log = open_log(options, clock); });
  stats = log->stats();
  log->close();
  return ms;
}

}  // namespace

int replay() {
  const tests::TemporaryFolder folder(memory_folder());
  LogOptions options{.file = folder.path() / "weir.db", .size_max = no_limit};
  options.background = false;
  const auto folded = fill(options, full() ? 200'000 : 40'000);
  options.background = true;
  const ManualClock clock(start_time);
  const auto log = open_log(options, clock);
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round)
    rates.push_back(static_cast<double>(folded) / seconds_of([&] { read_through(*log, folded); }));
  figure("a cursor reads what is folded, pages of 10,000; median of 5", median(rates), "records/s", "≥ 3000000");
  return 0;
}

int start() {
  const tests::TemporaryFolder folder;
  const LogOptions options{.file = folder.path() / "weir.db", .size_max = no_limit};
  std::vector<double> ms;
  LogStats stats;
  for (int round = 0; round < rounds; ++round)
    ms.push_back(open_after_kill_ms(options, full() ? 1'000'000'000 : 100'000'000, stats));
  figure("opened after kill -9, " + std::to_string(static_cast<int>(megabytes(stats))) + " MB; median of 5", median(ms), "ms",
         "≤ 300");
  return 0;
}

}  // namespace weir::gateway::bench
