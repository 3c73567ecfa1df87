#include "log/fold.h"

#include <algorithm>

#include "log/part_reader.h"
#include "log/schema.h"

namespace weir::gateway {

namespace {

void note_times(Folded& folded, const std::vector<Record>& records) {
  for (const auto& record : records) {
    folded.newest_received = std::max(folded.newest_received, record.received);
    if (record.kind != Kind::reading) continue;
    folded.oldest_time = std::min(folded.oldest_time, record.time);
    folded.newest_time = std::max(folded.newest_time, record.time);
  }
}

/// Times that were corrected when they were decoded are stored as what they are.
Commit corrected(Commit commit, const std::vector<Record>& records, const Names& names) {
  const bool known = !commit.synchronised && names.boot_time && names.boot_time(commit.boot);
  if (known && !records.empty()) commit.received = records.front().received;
  commit.synchronised |= known;
  return commit;
}

void fold_entry(PartReader& read, const Names& names, Folded& folded, SegmentMaker& segments, LossTotals& losses) {
  const auto& entry = read.entry();
  const auto commit = corrected(read.commit(), read.records(), names);
  if (!commit.synchronised) folded.unset_boot = commit.boot;
  if (!entry.series.empty() || !entry.units.empty()) {
    folded.names.push_back({.first_series = entry.first_series, .first_unit = entry.first_unit});
    folded.names.back().series = entry.series;
    folded.names.back().units = entry.units;
  }
  segments.add(commit, read.records());
  folded.changes.apply(entry);
  for (const auto& record : read.records()) {
    folded.changes.apply(record);
    if (record.kind == Kind::loss) losses.apply(record);
  }
}

Result<void> insert_names(Database& database, const std::vector<Entry>& names) {
  auto series = database.prepare("INSERT OR IGNORE INTO series(id, device, metric) VALUES (?, ?, ?)");
  auto unit = database.prepare("INSERT OR IGNORE INTO unit(id, text) VALUES (?, ?)");
  if (!series || !unit) return series ? unit.error() : series.error();
  for (const auto& entry : names) {
    for (std::size_t i = 0; i < entry.series.size(); ++i) {
      auto done = series->bind(entry.first_series + i, entry.series[i].first, entry.series[i].second).run();
      if (!done) return done;
    }
    for (std::size_t i = 0; i < entry.units.size(); ++i) {
      if (auto done = unit->bind(entry.first_unit + i, entry.units[i]).run(); !done) return done;
    }
  }
  return {};
}

Result<void> insert_losses(Database& database, const LossTotals::Changes& losses) {
  if (losses.rows.empty()) return {};
  auto insert = database.prepare(
      "INSERT OR REPLACE INTO loss(id, place, reason, device, metric, detail, count, first, last) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) return insert.error();
  for (const auto& [id, loss] : losses.rows) {
    auto done = insert
                    ->bind(id, loss.where, loss.reason, loss.device, loss.metric, loss.detail, loss.count,
                           to_nanoseconds(loss.first), to_nanoseconds(loss.last))
                    .run();
    if (!done) return done;
  }
  auto forget = database.prepare("DELETE FROM loss WHERE id > 0 AND id < ?");
  if (!forget) return forget.error();
  return forget->bind(losses.oldest_id).run();
}

}  // namespace

void SegmentMaker::add(const Commit& commit, const std::vector<Record>& records) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    const bool follows = records[i].seq == next_seq_;
    if (encoder_.records() > 0 && (!follows || encoder_.records() == segment_records_max)) finish();
    if (encoder_.records() == 0) first_seq_ = records[i].seq;
    if (i == 0 || encoder_.records() == 0) encoder_.begin_commit(commit);
    encoder_.add(records[i], records[i].unit ? unit_id(records[i].unit) : 0);
    next_seq_ = records[i].seq + 1;
  }
  note_times(folded_, records);
}

void SegmentMaker::finish() {
  if (encoder_.records() == 0) return;
  folded_.records += encoder_.records();
  folded_.segments.push_back({first_seq_, encoder_.finish_rows(first_seq_)});
  for (const auto& row : folded_.segments.back().rows) folded_.bytes += row.body.size();
}

std::uint32_t SegmentMaker::unit_id(const std::string* unit) {
  if (unit != unit_) unit_ = unit, unit_id_ = dictionary_.unit_id(unit);
  return unit_id_;
}

Result<Folded> fold(const JournalPartPtr& part, Dictionary& dictionary, const Names& names, LossTotals& losses) {
  Folded folded;
  folded.part = part->name().number;
  folded.first_seq = part->name().first_seq;
  folded.last_seq = part->last_seq();
  const auto revision = losses.revision();
  SegmentMaker segments(folded, dictionary);
  PartReader reader(part, part->begin_place(), names, &dictionary);
  for (auto more = reader.next(); !more || *more; more = reader.next()) {
    if (!more) return more.error();
    fold_entry(reader, names, folded, segments, losses);
  }
  segments.finish();
  folded.losses = losses.changes_since(revision);
  return folded;
}

Result<void> insert_chunks(Database& database, const Folded& folded, std::int64_t partition, std::uint64_t partition_first_seq) {
  if (folded.segments.empty()) return {};
  auto insert = database.prepare("INSERT INTO " + chunk_table(partition) + "(id, body) VALUES (?, ?)");
  if (!insert) return insert.error();
  for (const auto& segment : folded.segments) {
    for (const auto& row : segment.rows) {
      auto done = insert->bind(chunk_id(segment.first_seq, partition_first_seq, row.slot), Blob{row.body}).run();
      if (!done) return done;
    }
  }
  return {};
}

Result<void> install(Database& database, const Folded& folded, std::int64_t partition, std::uint64_t partition_first_seq,
                     const Dictionary& dictionary) {
  if (auto done = insert_names(database, folded.names); !done) return done;
  if (auto done = insert_chunks(database, folded, partition, partition_first_seq); !done) return done;
  if (auto done = folded.changes.save(database, dictionary); !done) return done;
  if (auto done = insert_losses(database, folded.losses); !done) return done;
  auto point = database.prepare("UPDATE fold SET part = ?, seq = ?");
  if (!point) return point.error();
  return point->bind(folded.part, folded.last_seq).run();
}

}  // namespace weir::gateway
