#include "log/verify.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "log/database.h"
#include "log/dictionary.h"
#include "log/journal.h"
#include "log/part_reader.h"
#include "log/partition.h"
#include "log/rollup.h"
#include "log/schema.h"
#include "log/store.h"
#include "log/vfs.h"

namespace weir::gateway {

namespace {

std::string name_of(const Partition& partition) { return "partition " + std::to_string(partition.id); }

class Verifier {
 public:
  explicit Verifier(std::filesystem::path file, Database database) : file_(std::move(file)), database_(std::move(database)) {}

  Result<Verified> run() {
    if (auto done = check_version(); !done) return done.error();
    if (auto begun = database_.run("BEGIN"); !begun) return begun.error();
    check_pages();
    check_tables();
    check_partitions();
    (void)database_.run("COMMIT");
    check_journal();
    return std::move(out_);
  }

 private:
  void found(std::string where, std::string what) {
    ++out_.damaged;
    if (out_.findings.size() < findings_max) out_.findings.push_back({std::move(where), std::move(what)});
  }
  template <class T>
  bool fine(const std::string& where, const Result<T>& result) {
    if (!result) found(where, result.error().message);
    return result.ok();
  }

  Result<void> check_version() {
    auto version = database_.number("PRAGMA user_version");
    if (!version) return version.error().code == ErrorCode::invalid ? Result<void>() : version.error();
    if (*version == schema_version) return {};
    return Error{ErrorCode::conflict, file_.string() + ": has schema " + std::to_string(*version) + ", this weir reads " +
                                          std::to_string(schema_version) + "; `weir run` brings older ones up to date"};
  }

  void check_pages() {
    auto read = for_each_row(database_.prepare("PRAGMA quick_check(20)"), [this](const Statement& row) {
      if (row.text(0) != "ok") found("pages", std::string(row.text(0)));
    });
    fine("pages", read);
  }

  void check_tables() {
    fine("names", dictionary_.load(database_));
    names_ = dictionary_.names();
    auto epoch = for_each_row(database_.prepare("SELECT value FROM meta WHERE key = 'epoch'"), [this](const Statement& row) {
      const auto text = row.text(0);
      std::from_chars(text.data(), text.data() + text.size(), out_.epoch);
    });
    fine("meta", epoch);
    auto folded = for_each_row(database_.prepare("SELECT part, seq FROM fold"), [this](const Statement& row) {
      folded_ = {static_cast<std::uint64_t>(row.integer(0)), static_cast<std::uint64_t>(row.integer(1))};
    });
    fine("fold", folded);
    out_.head = folded_.seq;
    std::vector<Record> records;
    auto newest = for_each_row(database_.prepare("SELECT series, seq, body FROM newest"), [&](const Statement& row) {
      records.clear();
      const auto seq = static_cast<std::uint64_t>(row.integer(1));
      if (!decode_segment(row.text(2), seq, names_, records) || records.size() != 1)
        found("newest values", "that of series " + std::to_string(row.integer(0)) + " is damaged");
    });
    fine("newest values", newest);
  }

  void check_partitions() {
    auto partitions = load_partitions(database_);
    if (!fine("partitions", partitions)) return;
    std::uint64_t last = 0;
    for (const auto& partition : *partitions) {
      ++out_.partitions;
      if (!partition.salvaged && partition.first_seq <= last)
        found(name_of(partition), "begins at " + std::to_string(partition.first_seq) + ", which the one before has too");
      if (!partition.salvaged) last = partition.last_seq;
      if (!partition.thinned) check_chunks(partition);
      if (partition.closed || partition.thinned) check_rollups(partition);
    }
    if (last > folded_.seq) found("fold", "the last partition has more numbers than were folded");
  }

  void check_chunks(const Partition& partition) {
    PartitionReader reader(database_, partition, names_);
    std::vector<Record> records;
    std::uint64_t next = partition.first_seq, count = 0;
    auto more = reader.seek(partition.first_seq);
    for (; more && *more; more = reader.next()) {
      const auto& header = reader.header();
      ++out_.segments;
      if (header.first_seq < next) found(name_of(partition), "has number " + std::to_string(header.first_seq) + " twice");
      next = header.first_seq + header.records;
      records.clear();
      if (auto read = reader.records(0, ~std::uint64_t{0}, records); !fine(name_of(partition), read)) return;
      count += records.size();
    }
    fine(name_of(partition), more);
    out_.records += count;
    if (reader.damaged_rows() > 0) found(name_of(partition), std::to_string(reader.damaged_rows()) + " damaged rows");
    if (count != partition.records)
      found(name_of(partition), std::to_string(count) + " of " + std::to_string(partition.records) + " records can be read");
  }

  void check_rollups(const Partition& partition) {
    std::uint64_t damaged = 0;
    auto read = for_each_row(database_.prepare("SELECT id, body FROM " + rollup_table(partition.id)), [&](const Statement& row) {
      ++out_.rollups;
      if (!decode_buckets(row.text(1), row.integer(0))) ++damaged;
    });
    fine(name_of(partition), read);
    if (damaged > 0) found(name_of(partition), std::to_string(damaged) + " damaged rollups");
  }

  void check_journal() {
    auto journal =
        Journal::open({.database = file_, .vfs = register_vfs(), .epoch = out_.epoch, .folded = folded_.part, .capacity = 0});
    if (!fine("journal", journal)) return;
    for (const auto& part : (*journal)->parts()) {
      const auto where = "journal file " + std::to_string(part->slot());
      if (part->damaged_records() > 0) found(where, std::to_string(part->damaged_records()) + " records are damaged");
      PartReader reader(part, part->begin_place(), names_, &dictionary_);
      auto more = reader.next();
      for (; more && *more; more = reader.next()) {
        const auto& records = reader.records();
        ++out_.journal_entries;
        out_.journal_records += records.size();
        if (!records.empty()) out_.head = std::max(out_.head, records.back().seq);
      }
      // Folded and used again since the database was read: a gateway runs.
      if (!more && more.error().code != ErrorCode::not_found) found(where, more.error().message);
    }
  }

  const std::filesystem::path file_;
  Database database_;
  Dictionary dictionary_;
  Names names_;
  FoldPoint folded_;
  Verified out_;
};

}  // namespace

Result<Verified> verify_log(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return Error{ErrorCode::not_found, file.string() + ": there is no such file"};
  auto database = Database::open(file, Database::Mode::read_only, register_vfs());
  if (!database) return database.error();
  return Verifier(file, std::move(*database)).run();
}

}  // namespace weir::gateway
