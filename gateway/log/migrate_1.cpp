#include <algorithm>
#include <vector>

#include "log/database.h"
#include "log/dictionary.h"
#include "log/fold.h"
#include "log/migrate.h"
#include "log/partition.h"
#include "log/schema.h"
#include "log/schema_1.h"
#include "log/store.h"

namespace weir::gateway {

namespace {

constexpr std::string_view copied_tables = R"(
INSERT INTO series SELECT id, device, metric FROM old.series;
INSERT INTO unit SELECT id, text FROM old.unit;
INSERT INTO device SELECT name, state, reader, last_seen FROM old.device;
INSERT INTO mark SELECT device, boot, sequence FROM old.mark ORDER BY rowid;
INSERT INTO consumer SELECT name, seq FROM old.consumer;
INSERT INTO command(id, device, name, args, by, result, error, key, state, created, deadline)
  SELECT id, device, name, args, by, result, error, key, state, created, deadline FROM old.command ORDER BY rowid;
INSERT INTO push SELECT key, last, accepted, received FROM old.push;
INSERT INTO meta SELECT key, value FROM old.meta WHERE key IN ('epoch', 'clean');
INSERT INTO boot(id, kernel) SELECT 1, value FROM old.meta WHERE key = 'boot';
)";

// A partition was closed after a day at most: what a clock that jumped says beyond that is no age.
constexpr std::chrono::nanoseconds partition_age_max = std::chrono::hours(24);

struct OldPartition {
  std::int64_t id = 0;
  std::uint64_t first_seq = 0;
  Timestamp begun;
};

class Migration {
 public:
  explicit Migration(Database into) : database_(std::move(into)) {}

  Result<Migrated> run(const std::filesystem::path& from) {
    if (auto done = begin(from); !done) return done.error();
    for (auto step : {&Migration::copy_tables, &Migration::copy_newest, &Migration::copy_partitions, &Migration::end}) {
      if (auto done = (this->*step)(); !done) return done.error();
    }
    return migrated_;
  }

 private:
  // Nothing of it is used before it is complete: no journal, and one sync by who renames it.
  Result<void> begin(const std::filesystem::path& from) {
    auto set = database_.run("PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF");
    if (!set) return set;
    auto attach = database_.prepare("ATTACH DATABASE ? AS old");
    if (!attach) return attach.error();
    if (auto done = attach->bind(from.string()).run(); !done) return done;
    return database_.run("BEGIN;" + std::string(schema) + "PRAGMA user_version=" + std::to_string(schema_version));
  }

  Result<void> copy_tables() {
    if (auto done = database_.run(copied_tables); !done) return done;
    if (auto done = dictionary_.load(database_); !done) return done;
    names_ = dictionary_.names();
    return {};
  }

  /// Of series whose readings retention took; the others are replaced by what is copied next.
  Result<void> copy_newest() {
    return for_each_row(database_.prepare("SELECT seq, received, body FROM old.newest"), [this](const Statement& row) {
      const auto decoded = decode(row.integer(0), row.integer(1), row.text(2));
      if (!decoded) return;
      for (const auto& record : decoded->records) folded_.changes.apply(record);
    });
  }

  Result<void> copy_partitions() {
    std::vector<OldPartition> partitions;
    auto read =
        for_each_row(database_.prepare("SELECT id, first_seq, begun FROM old.partition ORDER BY id"), [&](const Statement& row) {
          partitions.push_back({row.integer(0), static_cast<std::uint64_t>(row.integer(1)), from_nanoseconds(row.integer(2))});
        });
    if (!read) return read;
    for (const auto& partition : partitions) {
      if (auto done = copy_partition(partition); !done) return done;
      last_seq_ = std::max(last_seq_, partition.first_seq - 1);
    }
    return {};
  }

  Result<void> copy_partition(const OldPartition& old) {
    made_ = {.id = old.id, .first_seq = old.first_seq};
    made_.oldest_time = Timestamp::max();
    made_.newest_time = made_.newest_received = Timestamp::min();
    if (auto done = make_chunk_table(database_, made_.id); !done) return done;
    auto rows =
        database_.prepare("SELECT first_seq, received, body FROM old.journal_" + std::to_string(old.id) + " ORDER BY first_seq");
    if (!rows) return rows.error();
    for (;;) {
      auto row = rows->step();
      if (!row) return row.error();
      if (!*row) break;
      if (auto done = copy_row(rows->integer(0), rows->integer(1), rows->text(2)); !done) return done;
    }
    if (auto done = flush(); !done) return done;
    return finish_partition(old.begun);
  }

  Result<Schema1Row> decode(std::int64_t seq, std::int64_t received, std::string_view body) const {
    return decode_schema_1(body, static_cast<std::uint64_t>(seq), from_nanoseconds(received), names_);
  }

  Result<void> copy_row(std::int64_t seq, std::int64_t received, std::string_view body) {
    const auto row = decode(seq, received, body);
    if (!row || row->records.empty()) {
      migrated_.damaged_rows += row ? 0 : 1;
      return {};
    }
    segments_.add({.received = from_nanoseconds(received)}, row->records);
    for (const auto& mark : row->marks) folded_.changes.apply(mark);
    for (const auto& record : row->records) {
      folded_.changes.apply(record);
      if (record.kind == Kind::loss) losses_.apply(record);
    }
    last_seq_ = row->records.back().seq;
    waiting_ += row->records.size();
    return waiting_ < segment_records_max ? Result<void>() : flush();
  }

  Result<void> flush() {
    segments_.finish();
    waiting_ = 0;
    folded_.last_seq = last_seq_;
    folded_.losses = losses_.changes_since(losses_saved_);
    losses_saved_ = losses_.revision();
    if (auto done = install(database_, folded_, made_.id, made_.first_seq, dictionary_); !done) return done;
    made_.records += folded_.records;
    made_.bytes += folded_.bytes;
    made_.oldest_time = std::min(made_.oldest_time, folded_.oldest_time);
    made_.newest_time = std::max(made_.newest_time, folded_.newest_time);
    made_.newest_received = std::max(made_.newest_received, folded_.newest_received);
    folded_ = {};
    return {};
  }

  Result<void> finish_partition(Timestamp begun) {
    migrated_.records += made_.records;
    if (made_.records == 0) return database_.run("DROP TABLE " + chunk_table(made_.id));
    made_.last_seq = last_seq_;
    made_.begun_age = age_;
    using std::chrono::milliseconds;
    const auto lived = std::chrono::floor<milliseconds>(made_.newest_received) - std::chrono::floor<milliseconds>(begun);
    age_ += std::clamp<std::chrono::nanoseconds>(lived < milliseconds(0) ? milliseconds(0) : lived, {}, partition_age_max);
    made_.ended_age = age_;
    newest_received_ = made_.newest_received;
    return insert_partition(database_, made_);
  }

  Result<void> end() {
    auto fold = database_.prepare("UPDATE fold SET part = 0, seq = ?, age = ?, wall = ?");
    if (!fold) return fold.error();
    auto done = fold->bind(last_seq_, static_cast<std::int64_t>(age_.count()), to_nanoseconds(newest_received_)).run();
    if (!done) return done;
    return database_.run("COMMIT; DETACH DATABASE old");
  }

  Database database_;
  Dictionary dictionary_;
  Names names_;
  LossTotals losses_;
  std::uint64_t losses_saved_ = 0;
  Migrated migrated_;
  std::uint64_t last_seq_ = 0;
  std::chrono::nanoseconds age_{};  // of the whole log
  Timestamp newest_received_;

  // What is made at the moment.
  Partition made_;
  Folded folded_;
  SegmentMaker segments_{folded_, dictionary_};
  std::size_t waiting_ = 0;  // records
};

}  // namespace

Result<Migrated> migrate_from_1(const std::filesystem::path& from, const std::filesystem::path& into, const std::string& vfs) {
  auto database = Database::open(into, Database::Mode::create, vfs);
  if (!database) return database.error();
  return Migration(std::move(*database)).run(from);
}

}  // namespace weir::gateway
