#include "log/history_query.h"

#include <algorithm>

#include "log/part_reader.h"
#include "log/schema.h"

namespace weir::gateway {

namespace {

constexpr auto no_number = ~std::uint64_t{0};

class BucketRun final : public HistoryRun {
 public:
  BucketRun(Database& database, const Names& names, const Series& series, HistoryQuery query)
      : HistoryRun(database, names, series, std::move(query)), grid_(range_, query_.buckets) {}

 private:
  bool full() const override { return false; }
  std::uint64_t after(const Partition&) const override { return 0; }
  std::uint64_t after() const override { return 0; }

  TimeRange reach() const override { return grid_.range(); }

  Result<void> read_partition(const Partition& partition) override {
    const auto level = grid_.level();
    if (!partition.thinned && !(partition.closed && level)) return read_chunks(partition);
    auto buckets = rollups(partition, level.value_or(RollupLevel::minute));
    if (!buckets && !partition.thinned && buckets.error().code == ErrorCode::invalid) return read_chunks(partition);
    if (!buckets) return buckets.error();
    for (const auto& bucket : *buckets) grid_.add(bucket);
    if (!level) note_thinned(*buckets);
    return {};
  }

  void take(std::vector<Record>& readings) override {
    for (const auto& reading : readings) grid_.add(reading.time, reading.value);
  }

  bool takes_minutes() const override { return grid_.level().has_value(); }
  void take(const std::vector<Bucket>& minutes) override {
    for (const auto& minute : minutes) grid_.add(minute);
  }

  void put(HistoryAnswer& answer) override {
    answer.width = grid_.width();
    answer.buckets = grid_.take();
  }

  HistoryGrid grid_;
};

class PageRun final : public HistoryRun {
 public:
  PageRun(Database& database, const Names& names, const Series& series, HistoryQuery query)
      : HistoryRun(database, names, series, std::move(query)), readings_max_(std::max<std::size_t>(query_.readings, 1)) {}

 private:
  bool full() const override { return next_.has_value(); }
  std::uint64_t after() const override { return SalvagedPlace::names(query_.after) ? 0 : query_.after; }

  /// Salvaged ones come first, in the order of their places.
  std::uint64_t after(const Partition& partition) const override {
    if (!partition.salvaged) return after();
    if (query_.after == 0) return 0;
    if (!SalvagedPlace::names(query_.after)) return no_number;
    const auto place = SalvagedPlace::from(query_.after);
    if (partition.id == place.partition) return partition.first_seq + place.offset;
    return partition.id < place.partition ? 0 : no_number;
  }

  TimeRange reach() const override { return range_; }

  Result<void> read_partition(const Partition& partition) override {
    salvaged_ = partition.salvaged ? &partition : nullptr;
    auto done = partition.thinned ? tell_thinned(partition) : read_chunks(partition);
    salvaged_ = nullptr;
    return done;
  }

  Result<void> tell_thinned(const Partition& partition) {
    auto minutes = rollups(partition, RollupLevel::minute);
    if (!minutes) return minutes.error();
    note_thinned(*minutes);
    return {};
  }

  void take(std::vector<Record>& readings) override {
    for (auto& reading : readings) {
      if (readings_.size() == readings_max_ || looked_at_ == page_looked_at_max) {
        next_ = last_;
        return;
      }
      ++looked_at_;
      if (salvaged_ != nullptr) reading.seq = SalvagedPlace{salvaged_->id, reading.seq - salvaged_->first_seq}.number();
      last_ = reading.seq;
      if (range_.has(reading.time)) readings_.push_back(std::move(reading));
    }
  }

  void put(HistoryAnswer& answer) override {
    answer.readings = std::move(readings_);
    answer.next = next_;
  }

  const std::size_t readings_max_;
  const Partition* salvaged_ = nullptr;  // that is being read
  std::vector<Record> readings_;
  std::size_t looked_at_ = 0;
  std::uint64_t last_ = 0;
  std::optional<std::uint64_t> next_;
};

}  // namespace

SalvagedPlace SalvagedPlace::from(std::uint64_t number) {
  constexpr std::uint64_t partitions = 1U << (flag_bit - partition_bit);
  return {.partition = -static_cast<std::int64_t>(number >> partition_bit & (partitions - 1)),
          .offset = number & ((std::uint64_t{1} << partition_bit) - 1)};
}

std::uint64_t SalvagedPlace::number() const {
  return std::uint64_t{1} << flag_bit | static_cast<std::uint64_t>(-partition) << partition_bit | offset;
}

std::unique_ptr<HistoryRun> HistoryRun::make(Database& database, const Names& names, const Series& series, HistoryQuery query) {
  if (query.buckets > 0) return std::make_unique<BucketRun>(database, names, series, std::move(query));
  return std::make_unique<PageRun>(database, names, series, std::move(query));
}

HistoryRun::HistoryRun(Database& database, const Names& names, const Series& series, HistoryQuery query)
    : database_(database), names_(names), series_(series), query_(std::move(query)), range_(range_of(query_)), gaps_(range_) {}

Result<void> HistoryRun::read_folded(const std::vector<Partition>& partitions) {
  for (const auto& partition : partitions) {
    if (partition.thinned) gaps_.keep_minutes(partition.oldest_time, partition.newest_time);
  }
  for (const auto& partition : partitions) {
    if (full() || range_.empty()) return {};
    if (!wants(partition)) continue;
    auto done = read_partition(partition);
    if (!done && done.error().code != ErrorCode::invalid) return done;
    if (!done) note_damaged(partition);  // the others are as good as before
  }
  return {};
}

bool HistoryRun::wants(const Partition& partition) const {
  if (partition.last_seq <= after(partition)) return false;
  const bool times_may_change = partition.unset && !partition.closed;
  return times_may_change || reach().meets(partition.oldest_time, partition.newest_time);
}

Result<void> HistoryRun::read_journal(const std::vector<JournalPartPtr>& parts, std::uint64_t folded_seq,
                                      JournalMinutes& minutes) {
  const auto behind = std::max(folded_seq, after());
  for (const auto& part : parts) {
    if (part->last_seq() <= behind) continue;
    if (takes_minutes()) {
      const auto summed_up = minutes.of(part, series_.id, names_);
      if (!summed_up) return summed_up.error();
      if (*summed_up != nullptr) {
        take(**summed_up);
        continue;
      }
    }
    if (auto done = read_part(part, behind); !done) return done;
  }
  return {};
}

Result<void> HistoryRun::read_part(const JournalPartPtr& part, std::uint64_t after) {
  PartReader reader(part, part->place_of(after + 1), names_);
  while (!full()) {
    const auto more = reader.next();
    if (!more) return more.error();
    if (!*more) return {};
    auto& records = reader.records();
    std::erase_if(records, [&](const Record& record) { return record.series != &series_ || record.seq <= after; });
    take(records);
  }
  return {};
}

HistoryAnswer HistoryRun::finish(const std::vector<LossEntry>& losses) {
  HistoryAnswer answer;
  gaps_.add(losses, series_);
  answer.gaps = gaps_.take();
  put(answer);
  return answer;
}

/// The day rollups of a closed partition say whether the series has readings there, and of those days.
Result<bool> HistoryRun::worth_reading(const Partition& partition) {
  if (!partition.closed) return true;
  auto days = rollups(partition, RollupLevel::day);
  if (!days && days.error().code == ErrorCode::invalid) return true;
  if (!days) return days.error();
  return std::any_of(days->begin(), days->end(), [this](const Bucket& day) {
    return day.start < reach().to && day.start + width(RollupLevel::day) > reach().from;
  });
}

Result<void> HistoryRun::read_chunks(const Partition& partition) {
  const auto worth = worth_reading(partition);
  if (!worth || !*worth) return worth ? Result<void>() : Result<void>(worth.error());
  PartitionReader reader(database_, partition, names_);
  std::vector<Record> readings;
  const auto from = after(partition) + 1;
  auto more = reader.seek(from);
  for (; more && *more && !full(); more = reader.next()) {
    readings.clear();
    if (auto done = reader.readings(series_.id, from, no_number, readings); !done) return done;
    take(readings);
  }
  if (reader.damaged_rows() > 0) note_damaged(partition);
  return more ? Result<void>() : Result<void>(more.error());
}

Result<std::vector<Bucket>> HistoryRun::rollups(const Partition& partition, RollupLevel level) {
  auto select = database_.prepare("SELECT body FROM " + rollup_table(partition.id) + " WHERE id = ?");
  if (!select) return select.error();
  const auto id = rollup_id(series_.id, level);
  auto row = select->bind(id).step();
  if (!row) return row.error();
  if (!*row) return std::vector<Bucket>();
  return decode_buckets(select->text(0), id);
}

/// The minutes of a thinned partition in which there were readings.
void HistoryRun::note_thinned(const std::vector<Bucket>& minutes) {
  HistoryGap gap{.from = Timestamp::max(), .to = Timestamp::min(), .reason = "thinned"};
  for (const auto& minute : minutes) {
    if (!range_.has(minute.start)) continue;
    gap.from = std::min(gap.from, minute.start);
    gap.to = std::max<Timestamp>(gap.to, minute.start + width(RollupLevel::minute));
    gap.lost += minute.count;
  }
  if (gap.lost > 0) gaps_.add(std::move(gap));
}

void HistoryRun::note_damaged(const Partition& partition) {
  gaps_.add({.from = partition.oldest_time, .to = partition.newest_time, .reason = "damaged"});
}

}  // namespace weir::gateway
