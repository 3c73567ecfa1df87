#include "log/salvage.h"

#include <algorithm>

#include "base/log_line.h"
#include "log/journal.h"
#include "log/part_reader.h"

namespace weir::gateway {

namespace {

// Behind a damaged page the next readable segment is looked for in steps of so many numbers.
constexpr std::uint64_t step_over_damage = 4096;

void say(const Error& error) { log_line(Severity::warning, "log", "salvage: " + error.message); }

}  // namespace

Result<std::unique_ptr<Salvage>> Salvage::open(const std::filesystem::path& aside, const std::string& vfs, Database& into,
                                               Dictionary& dictionary) {
  auto from = Database::open(aside, Database::Mode::read_only, vfs);
  if (!from) return from.error();
  std::unique_ptr<Salvage> salvage(new Salvage(std::move(*from), into, dictionary));
  auto partitions = load_partitions(salvage->from_);
  if (!partitions) return Error{ErrorCode::invalid, partitions.error().message};
  salvage->old_partitions_ = std::move(*partitions);
  std::erase_if(salvage->old_partitions_, [](const Partition& p) { return p.thinned || p.records == 0; });
  if (auto done = salvage->read_names(); !done) return done.error();
  salvage->find_parts(aside, vfs);
  return salvage;
}

/// As many as can be read: readings of the others are lost.
Result<void> Salvage::read_names() {
  auto series = for_each_row(from_.prepare("SELECT id, device, metric FROM series"), [this](const Statement& row) {
    old_series_[static_cast<std::uint32_t>(row.integer(0))] = {std::string(row.text(1)), std::string(row.text(2))};
  });
  if (!series) say(series.error());
  auto units = for_each_row(from_.prepare("SELECT id, text FROM unit"), [this](const Statement& row) {
    old_units_[static_cast<std::uint32_t>(row.integer(0))] = row.text(1);
  });
  if (!units) say(units.error());
  return {};
}

void Salvage::find_parts(const std::filesystem::path& aside, const std::string& vfs) {
  const auto epoch = from_.number("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'epoch'");
  const auto folded = from_.number("SELECT part FROM fold");
  if (!epoch || !folded) return;
  for (unsigned slot = 0; slot < journal_slots; ++slot) {
    auto file = File::open(journal_file(aside, slot), vfs);
    if (!file) continue;
    auto part = JournalPart::recover(std::make_shared<File>(std::move(*file)), static_cast<std::uint32_t>(*epoch), slot);
    if (part && *part && (*part)->name().number > static_cast<std::uint64_t>(*folded)) parts_.push_back(*part);
  }
  std::sort(parts_.begin(), parts_.end(), [](const auto& a, const auto& b) { return a->name().number < b->name().number; });
  for (const auto& part : parts_) {
    JournalReader reader(part, part->begin_place());
    for (auto payload = reader.next(); payload && !payload->empty(); payload = reader.next()) {
      const auto entry = decode_entry(*payload);
      if (!entry) continue;
      auto id = entry->first_series;
      for (const auto& series : entry->series) old_series_[id++] = series;
      id = entry->first_unit;
      for (const auto& unit : entry->units) old_units_[id++] = unit;
    }
  }
}

Result<void> Salvage::name(const Intern& intern) {
  SeriesNames series;
  std::vector<std::string> units;
  for (const auto& [id, names] : old_series_) series.push_back(names);
  for (const auto& [id, unit] : old_units_) units.push_back(unit);
  return intern(series, units);
}

/// The old numbers as series and units of the new log.
Names Salvage::names() const {
  return {.series =
              [this](std::uint32_t id) {
                const auto found = old_series_.find(id);
                return found == old_series_.end() ? nullptr : dictionary_.find_series(found->second.first, found->second.second);
              },
          .unit =
              [this](std::uint32_t id) {
                const auto found = old_units_.find(id);
                return found == old_units_.end() ? nullptr : dictionary_.find_unit(found->second);
              },
          .boot_time = nullptr};
}

Result<std::optional<Partition>> Salvage::next(std::int64_t id) {
  while (next_partition_ < old_partitions_.size()) {
    auto taken = take_partition(old_partitions_[next_partition_++], id);
    if (!taken || *taken) return taken;
  }
  if (next_partition_ > old_partitions_.size() || parts_.empty()) return std::optional<Partition>();
  ++next_partition_;
  return take_journal(id);
}

Result<std::optional<Partition>> Salvage::take_partition(const Partition& old, std::int64_t id) {
  if (auto begun = begin(id, old.first_seq); !begun) return begun.error();
  PartitionReader reader(from_, old, names());
  std::vector<Record> records;
  for (auto seq = old.first_seq; seq <= old.last_seq;) {
    const auto found = reader.seek(seq);
    if (found && !*found) break;
    if (!found) {
      seq += step_over_damage;
      continue;
    }
    records.clear();
    read_segment(reader, records);
    if (auto done = put(records); !done) return done.error();
    seq = std::max(seq + 1, reader.header().first_seq + reader.header().records);
  }
  auto made = finish();
  if (!made) return made.error();
  lost_ += old.records - std::min(old.records, made->records);
  return made->records > 0 ? std::optional(*made) : std::nullopt;
}

/// All at once, or series by series where a page between them is damaged.
void Salvage::read_segment(PartitionReader& reader, std::vector<Record>& records) {
  if (reader.records(0, ~std::uint64_t{0}, records)) return;
  records = reader.header().events;
  for (const auto& [id, names] : old_series_) (void)reader.readings(id, 0, ~std::uint64_t{0}, records);
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) { return a.seq < b.seq; });
}

Result<std::optional<Partition>> Salvage::take_journal(std::int64_t id) {
  if (auto begun = begin(id, parts_.front()->name().first_seq); !begun) return begun.error();
  for (const auto& part : parts_) {
    PartReader reader(part, part->begin_place(), names());
    auto more = reader.next();
    for (; more && *more; more = reader.next()) {
      if (auto done = put(reader.records()); !done) return done.error();
    }
    if (!more) say(more.error());
    lost_ += part->damaged_records();
  }
  auto made = finish();
  if (!made) return made.error();
  return made->records > 0 ? std::optional(*made) : std::nullopt;
}

// --- Making a partition

Result<void> Salvage::begin(std::int64_t id, std::uint64_t first_seq) {
  made_ = {.id = id, .first_seq = first_seq, .last_seq = first_seq, .salvaged = true};
  made_.oldest_time = Timestamp::max();
  made_.newest_time = made_.newest_received = Timestamp::min();
  folded_ = std::make_unique<Folded>();
  segments_ = std::make_unique<SegmentMaker>(*folded_, dictionary_);
  return make_chunk_table(into_, id);  // an earlier try may have left one
}

/// Records of one commit each: what they share is in themselves.
Result<void> Salvage::put(const std::vector<Record>& records) {
  for (auto record = records.begin(); record != records.end();) {
    const auto end = std::find_if(record, records.end(), [&](const Record& r) { return r.received != record->received; });
    segments_->add({.received = record->received}, {record, end});
    record = end;
  }
  if (!records.empty()) made_.last_seq = records.back().seq;
  return folded_->bytes < salvage_bytes_max ? Result<void>() : flush();
}

Result<void> Salvage::flush() {
  segments_->finish();
  auto transaction = Transaction::begin(into_);
  if (!transaction) return transaction.error();
  if (auto done = insert_chunks(into_, *folded_, made_.id, made_.first_seq); !done) return done;
  if (auto done = transaction->commit(); !done) return done;
  made_.records += folded_->records;
  made_.bytes += folded_->bytes;
  made_.oldest_time = std::min(made_.oldest_time, folded_->oldest_time);
  made_.newest_time = std::max(made_.newest_time, folded_->newest_time);
  made_.newest_received = std::max(made_.newest_received, folded_->newest_received);
  *folded_ = {};
  return {};
}

Result<Partition> Salvage::finish() {
  if (auto done = flush(); !done) return done.error();
  salvaged_ += made_.records;
  return made_;
}

}  // namespace weir::gateway
