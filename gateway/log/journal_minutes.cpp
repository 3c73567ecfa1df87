#include "log/journal_minutes.h"

#include <algorithm>

#include "log/part_reader.h"

namespace weir::gateway {

void JournalMinutes::keep(const std::vector<JournalPartPtr>& parts) {
  for (auto known = parts_.begin(); known != parts_.end();) {
    const auto there = [&](const JournalPartPtr& part) { return part->name().number == known->first; };
    if (std::any_of(parts.begin(), parts.end(), there)) {
      ++known;
    } else {
      give_up(known->second);
      known = parts_.erase(known);
    }
  }
}

Result<const std::vector<Bucket>*> JournalMinutes::of(const JournalPartPtr& part, std::uint32_t series, const Names& names) {
  static const std::vector<Bucket> none;
  auto& known = parts_.try_emplace(part->name().number, Part{.read = part->begin_place()}).first->second;
  if (auto caught_up = catch_up(part, known, names); !caught_up) return caught_up.error();
  if (!known.summed_up) return nullptr;
  const auto found = known.series.find(series);
  return found == known.series.end() ? &none : &found->second;
}

Result<void> JournalMinutes::catch_up(const JournalPartPtr& part, Part& known, const Names& names) {
  PartReader reader(part, known.read, names);
  while (known.summed_up) {
    const auto more = reader.next();
    if (!more) return more.error();
    if (!*more) return {};
    known.read = reader.behind();
    for (const auto& record : reader.records()) {
      if (record.kind == Kind::reading) add(known, record);
    }
    const bool final_times = reader.commit().synchronised;
    if (!final_times || buckets_ > journal_minutes_max) give_up(known);
  }
  return {};
}

void JournalMinutes::add(Part& known, const Record& reading) {
  auto& minutes = known.series[reading.series->id];
  const auto start = start_of(reading.time, RollupLevel::minute);
  if (minutes.empty() || minutes.back().start != start) {
    const auto before = [](const Bucket& bucket, Timestamp time) { return bucket.start < time; };
    const auto place = std::lower_bound(minutes.begin(), minutes.end(), start, before);
    if (place != minutes.end() && place->start == start) return gateway::add(*place, reading.time, reading.value);
    ++buckets_;
    return gateway::add(*minutes.insert(place, {.start = start}), reading.time, reading.value);
  }
  gateway::add(minutes.back(), reading.time, reading.value);
}

void JournalMinutes::give_up(Part& known) {
  for (const auto& [series, minutes] : known.series) buckets_ -= minutes.size();
  known.series.clear();
  known.summed_up = false;
}

}  // namespace weir::gateway
