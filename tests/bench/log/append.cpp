// Appending, against a bare loop of a prepared statement in the same run, one after the other.
#include <fstream>

#include <sqlite3.h>

#include "fixture.h"
#include "parts.h"

namespace weir::gateway::bench {

double proc_number(const char* file, const std::string& name) {
  std::ifstream in(file);
  std::string word;
  while (in >> word) {
    double value = 0;
    if (word == name && in >> value) return value;
  }
  return 0;
}

namespace {

constexpr std::size_t batch = 1000;
constexpr std::size_t batches = 1000;
constexpr std::size_t batches_made_ahead = 50;  // outside the time that is measured
constexpr int rounds = 5;

void run(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(database));
}

/// What a log of rows would do at least: a transaction for each batch, durable as SQLite's WAL is at NORMAL.
class BareLoop {
 public:
  explicit BareLoop(const std::filesystem::path& file) {
    if (sqlite3_open(file.c_str(), &database_) != SQLITE_OK) throw std::runtime_error("sqlite3_open");
    run(database_, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL");
    run(database_, "CREATE TABLE reading(seq INTEGER PRIMARY KEY, series INTEGER, time INTEGER, value REAL)");
    sqlite3_prepare_v2(database_, "INSERT INTO reading VALUES (?, ?, ?, ?)", -1, &insert_, nullptr);
  }
  ~BareLoop() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  BareLoop(const BareLoop&) = delete;
  BareLoop& operator=(const BareLoop&) = delete;

  void append(const std::vector<Record>& records) {
    run(database_, "BEGIN");
    for (const auto& record : records) {
      sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(++seq_));
      sqlite3_bind_int64(insert_, 2, record.series->id);
      sqlite3_bind_int64(insert_, 3, to_nanoseconds(record.time));
      sqlite3_bind_double(insert_, 4, std::get<double>(record.value));
      sqlite3_step(insert_);
      sqlite3_reset(insert_);
    }
    run(database_, "COMMIT");
  }

 private:
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::uint64_t seq_ = 0;
};

double bare_rate() {
  const tests::TemporaryFolder folder;
  BareLoop loop(folder.path() / "bare.db");
  Sensors sensors(100);
  double seconds = 0;
  std::vector<Record> records(batch);
  for (std::size_t i = 0; i < batches; ++i) {
    for (auto& record : records) record = sensors.next();
    seconds += seconds_of([&] { loop.append(records); });
  }
  return static_cast<double>(batch * batches) / seconds;
}

/// Appends `count` batches, each committed before the next one begins; seconds of it.
double append_batches(Log& log, Sensors& sensors, std::size_t count) {
  double seconds = 0;
  std::vector<Delivery> ahead;
  for (std::size_t i = 0; i < count; i += batches_made_ahead) {
    for (std::size_t j = 0; j < batches_made_ahead; ++j) ahead.push_back(delivery_of(sensors, batch));
    seconds += seconds_of([&] {
      for (auto& delivery : ahead) append(log, std::move(delivery));
    });
    ahead.clear();
  }
  return seconds;
}

double log_rate(Durability durability) {
  const tests::TemporaryFolder folder;
  const SystemClock clock;
  const auto log = open_log({.file = folder.path() / "weir.db", .durability = durability}, clock);
  Sensors sensors(100, std::chrono::seconds(1), clock.wall());
  return static_cast<double>(batch * batches) / append_batches(*log, sensors, batches);
}

/// What memory grows by while so many readings are appended, behind as many to get warm.
void memory(std::size_t millions) {
  const tests::TemporaryFolder folder;
  const SystemClock clock;
  const auto log = open_log({.file = folder.path() / "weir.db"}, clock);
  Sensors sensors(100, std::chrono::seconds(1), clock.wall());
  const auto resident = [] { return proc_number("/proc/self/status", "VmRSS:") / 1024; };
  append_batches(*log, sensors, millions * 1000);
  const auto before = resident();
  append_batches(*log, sensors, millions * 1000);
  figure("memory grown by while " + std::to_string(millions) + " million readings were appended", resident() - before, "MiB",
         "≤ 4");
  figure("resident then", resident(), "MiB");
}

}  // namespace

int append_part() {
  std::vector<double> bare, bounded, fast, strict;
  for (int round = 0; round < rounds; ++round) {
    bare.push_back(bare_rate());
    bounded.push_back(log_rate(Durability::bounded));
    fast.push_back(log_rate(Durability::fast));
  }
  figure("append in batches of 1,000, bounded; median of 5", median(bounded), "readings/s", "≥ 1000000");
  figure("the same, fast", median(fast), "readings/s");
  figure("a bare SQLite loop in between", median(bare), "rows/s");
  figure("append, bounded, over the bare loop", median(bounded) / median(bare), "×", "≥ 0.5");
  memory(full() ? 50 : 5);
  return 0;
}

}  // namespace weir::gateway::bench
