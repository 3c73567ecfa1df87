#include "log/partition.h"

#include <algorithm>

#include "base/log_line.h"
#include "log/rollup.h"
#include "log/schema.h"

namespace weir::gateway {

namespace {

constexpr std::string_view columns =
    "id, first_seq, last_seq, closed, thinned, salvaged, oldest_time, newest_time, newest_received, records, bytes, "
    "rollup_bytes, begun_age, ended_age";

Partition to_partition(const Statement& row) {
  Partition p;
  p.id = row.integer(0);
  p.first_seq = static_cast<std::uint64_t>(row.integer(1));
  p.last_seq = static_cast<std::uint64_t>(row.integer(2));
  p.closed = row.integer(3) != 0;
  p.thinned = row.integer(4) != 0;
  p.salvaged = row.integer(5) != 0;
  p.oldest_time = from_nanoseconds(row.integer(6));
  p.newest_time = from_nanoseconds(row.integer(7));
  p.newest_received = from_nanoseconds(row.integer(8));
  p.records = static_cast<std::uint64_t>(row.integer(9));
  p.bytes = static_cast<std::uint64_t>(row.integer(10));
  p.rollup_bytes = static_cast<std::uint64_t>(row.integer(11));
  p.begun_age = std::chrono::nanoseconds(row.integer(12));
  p.ended_age = std::chrono::nanoseconds(row.integer(13));
  p.unset = row.integer(14) != 0;
  return p;
}

Result<void> drop_table(Database& database, const std::string& table) { return database.run("DROP TABLE IF EXISTS " + table); }

Result<std::uint64_t> insert_rollups(Database& database, const Partition& partition, RollupBuilder& rollups) {
  const auto table = rollup_table(partition.id);
  auto made = database.run("DROP TABLE IF EXISTS " + table + "; CREATE TABLE " + table + "(id INTEGER PRIMARY KEY, body BLOB)");
  if (!made) return made.error();
  auto insert = database.prepare("INSERT INTO " + table + "(id, body) VALUES (?, ?)");
  if (!insert) return insert.error();
  std::uint64_t bytes = 0;
  for (const auto& row : rollups.finish()) {
    if (auto done = insert->bind(row.id, Blob{row.body}).run(); !done) return done.error();
    bytes += row.body.size();
  }
  return bytes;
}

}  // namespace

Result<std::vector<Partition>> load_partitions(Database& database) {
  std::vector<Partition> partitions;
  auto read = for_each_row(
      database.prepare("SELECT " + std::string(columns) + ", unset_boot FROM partition ORDER BY salvaged DESC, ABS(id)"),
      [&](const Statement& row) { partitions.push_back(to_partition(row)); });
  if (!read) return read.error();
  return partitions;
}

Result<void> insert_partition(Database& database, const Partition& partition) {
  auto insert = database.prepare("INSERT INTO partition(id, unset_boot) VALUES (?, 0)");
  if (!insert) return insert.error();
  if (auto done = insert->bind(partition.id).run(); !done) return done;
  return update_partition(database, partition);
}

Result<void> make_chunk_table(Database& database, std::int64_t id) {
  const auto table = chunk_table(id);
  return database.run("DROP TABLE IF EXISTS " + table + "; CREATE TABLE " + table + "(id INTEGER PRIMARY KEY, body BLOB)");
}

Result<void> update_partition(Database& database, const Partition& p) {
  auto update = database.prepare("UPDATE partition SET (" + std::string(columns) +
                                 ") = (?1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?1");
  if (!update) return update.error();
  return update
      ->bind(p.id, p.first_seq, p.last_seq, static_cast<int>(p.closed), static_cast<int>(p.thinned), static_cast<int>(p.salvaged),
             to_nanoseconds(p.oldest_time), to_nanoseconds(p.newest_time), to_nanoseconds(p.newest_received), p.records, p.bytes,
             p.rollup_bytes, static_cast<std::int64_t>(p.begun_age.count()), static_cast<std::int64_t>(p.ended_age.count()))
      .run();
}

Result<void> thin_partition(Database& database, Partition& partition) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  if (auto done = drop_table(database, chunk_table(partition.id)); !done) return done;
  auto thinned = partition;
  thinned.thinned = true;
  if (auto done = update_partition(database, thinned); !done) return done;
  if (auto done = transaction->commit(); !done) return done;
  partition = thinned;
  return {};
}

Result<void> drop_partition(Database& database, const Partition& partition) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  for (const auto& table : {chunk_table(partition.id), rollup_table(partition.id)}) {
    if (auto done = drop_table(database, table); !done) return done;
  }
  if (auto done = database.run("DELETE FROM partition WHERE id = " + std::to_string(partition.id)); !done) return done;
  return transaction->commit();
}

Result<void> close_partition(Database& database, Partition& partition, const Names& names) {
  RollupBuilder rollups;
  auto closed = partition;
  closed.oldest_time = Timestamp::max();
  closed.newest_time = Timestamp::min();
  PartitionReader reader(database, partition, names);
  std::vector<Record> readings;
  auto more = reader.seek(partition.first_seq);
  for (; more && *more; more = reader.next()) {
    readings.clear();
    if (auto done = reader.readings({}, 0, ~std::uint64_t{0}, readings); !done) return done;
    for (const auto& reading : readings) {
      rollups.add(reading);
      closed.oldest_time = std::min(closed.oldest_time, reading.time);
      closed.newest_time = std::max(closed.newest_time, reading.time);
    }
  }
  if (!more) return more.error();
  if (rollups.refused() > 0) {
    log_line(Severity::warning, "log",
             std::to_string(rollups.refused()) + " readings of partition " + std::to_string(partition.id) +
                 " lie in more minutes of one series than rollups hold: they are in raw history only");
  }
  auto transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  auto bytes = insert_rollups(database, partition, rollups);
  if (!bytes) return bytes.error();
  closed.closed = true;
  closed.rollup_bytes = *bytes;
  if (auto done = update_partition(database, closed); !done) return done;
  if (auto done = transaction->commit(); !done) return done;
  partition = closed;
  return {};
}

// --- Reading

Result<void> PartitionReader::prepare() {
  if (from_) return {};
  const auto select = [this](const std::string& rest) {
    return database_.prepare("SELECT id, body FROM " + chunk_table(partition_.id) + " WHERE " + rest);
  };
  struct Wanted {
    Statement* statement;
    std::string rest;
  };
  for (const auto& [statement, rest] : {Wanted{&before_, "id <= ? ORDER BY id DESC LIMIT 1"},
                                        {&from_, "id >= ? ORDER BY id LIMIT 1"},
                                        {&rows_, "id > ? AND id < ? ORDER BY id"},
                                        {&row_, "id = ?"}}) {
    auto prepared = select(rest);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

Result<bool> PartitionReader::seek(std::uint64_t seq) {
  if (auto ready = prepare(); !ready) return ready.error();
  seq = std::max(seq, partition_.first_seq);
  auto row = before_.bind(chunk_id(seq, partition_.first_seq, chunk_slots - 1)).step();
  if (!row) return row.error();
  const auto segment = *row ? before_.integer(0) / chunk_slots * chunk_slots : 0;
  before_.reset();
  auto found = first_segment_from(segment);
  if (!found || !*found) return found;
  if (header_.first_seq + header_.records > seq) return true;
  return next();
}

Result<bool> PartitionReader::next() { return first_segment_from(segment_ + chunk_slots); }

/// Passes over segments whose header is damaged.
Result<bool> PartitionReader::first_segment_from(std::int64_t id) {
  for (;; id = id / chunk_slots * chunk_slots + chunk_slots) {
    auto row = from_.bind(id).step();
    if (!row) return row.error();
    if (!*row) return false;
    id = from_.integer(0);
    segment_ = id / chunk_slots * chunk_slots;
    auto header =
        id == segment_
            ? decode_header(from_.text(1), partition_.first_seq + static_cast<std::uint64_t>(segment_ / chunk_slots), names_)
            : Result<SegmentHeader>(Error{ErrorCode::invalid, "a segment has no header"});
    from_.reset();
    if (header) {
      header_ = std::move(*header);
      return true;
    }
    ++damaged_rows_;
  }
}

Result<void> PartitionReader::readings(std::optional<std::uint32_t> series, std::uint64_t from, std::uint64_t to,
                                       std::vector<Record>& out) {
  auto& rows = series ? row_ : rows_;
  if (series) {
    rows.bind(segment_ + *series + 1);
  } else {
    rows.bind(segment_, segment_ + chunk_slots);
  }
  for (;;) {
    auto row = rows.step();
    if (!row) return row.error();
    if (!*row) return {};
    const auto id = static_cast<std::uint32_t>(rows.integer(0) % chunk_slots) - 1;
    if (!decode_chunk(rows.text(1), id, header_, from, to, names_, out)) ++damaged_rows_;
  }
}

Result<void> PartitionReader::records(std::uint64_t from, std::uint64_t to, std::vector<Record>& out) {
  from = std::max(from, header_.first_seq);
  to = std::min(to, header_.first_seq + header_.records);
  if (from >= to) return {};
  std::vector<Record> found;
  if (auto done = readings({}, from, to, found); !done) return done;
  // Each has its place: no sorting.
  const auto begin = out.size();
  out.resize(begin + (to - from));
  const auto place = [&](Record&& record) { out[begin + (record.seq - from)] = std::move(record); };
  for (auto& record : found) place(std::move(record));
  for (const auto& event : header_.events) {
    if (event.seq >= from && event.seq < to) place(Record(event));
  }
  const auto damaged = [](const Record& record) { return record.seq == 0; };
  out.erase(std::remove_if(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), damaged), out.end());
  return {};
}

}  // namespace weir::gateway
