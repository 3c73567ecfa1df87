#include "log/loss_totals.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace weir::gateway {

namespace {

constexpr std::uint64_t older_id = 0;
constexpr std::chrono::hours apart{1};

std::string cut(std::string_view text) { return std::string(text.substr(0, utf8_prefix(text.substr(0, loss_text_bytes_max)))); }

std::string text_of(const nlohmann::json& members, const char* name) {
  const auto found = members.find(name);
  return found != members.end() && found->is_string() ? cut(found->get_ref<const std::string&>()) : std::string();
}

Timestamp time_of(const nlohmann::json& members, const char* name, Timestamp otherwise) {
  const auto time = parse_time(text_of(members, name));
  return time ? *time : otherwise;
}

LossEntry entry_of(const Record& loss) {
  auto parsed = parse_json("{" + loss.event->members + "}");
  const auto members = parsed ? std::move(*parsed) : nlohmann::json::object();
  LossEntry entry{.where = text_of(members, "where"), .reason = text_of(members, "reason"), .device = loss.event->device};
  entry.metric = loss.event->metric;
  entry.detail = text_of(members, "detail");
  const auto count = members.find("count");
  entry.count = count != members.end() && count->is_number_unsigned() ? count->get<std::uint64_t>() : 1;
  entry.first = time_of(members, "first", loss.time);
  entry.last = time_of(members, "last", loss.time);
  return entry;
}

/// In seconds: the distance of two Timestamps may be more nanoseconds than an int64 counts.
bool near(Timestamp earlier, Timestamp later) {
  using std::chrono::floor, std::chrono::seconds;
  return floor<seconds>(later) - floor<seconds>(earlier) < apart;
}

/// Both ways: after a step of the wall clock the next loss may lie years before the entry.
bool adjoins(const LossEntry& entry, const LossEntry& loss) {
  return near(entry.last, loss.first) && near(loss.last, entry.first);
}

void merge(LossEntry& entry, const LossEntry& loss) {
  entry.count += loss.count;
  entry.first = std::min(entry.first, loss.first);
  entry.last = std::max(entry.last, loss.last);
  if (entry.detail.empty()) entry.detail = loss.detail;
}

std::tuple<std::string, std::string, std::string, std::string> key_of(const LossEntry& entry) {
  return {entry.where, entry.reason, entry.device, entry.metric};
}

}  // namespace

void LossTotals::load(std::vector<Row> rows) {
  std::lock_guard lock(mutex_);
  stored_.clear(), newest_.clear();
  next_id_ = 1, revision_ = 0;
  for (auto& row : rows) {
    if (row.id != older_id) newest_[key_of(row.entry)] = row.id;
    next_id_ = std::max(next_id_, row.id + 1);
    stored_[row.id] = {.entry = std::move(row.entry)};
  }
}

void LossTotals::apply(const Record& loss) {
  auto entry = entry_of(loss);
  std::lock_guard lock(mutex_);
  ++revision_;
  add(std::move(entry));
}

void LossTotals::add(LossEntry&& loss) {
  auto& id = newest_[key_of(loss)];
  if (const auto found = stored_.find(id); id != older_id && adjoins(found->second.entry, loss)) {
    merge(found->second.entry, loss);
    found->second.revision = revision_;
    return;
  }
  id = next_id_++;
  stored_[id] = {.entry = std::move(loss), .revision = revision_};
  if (stored_.size() > entries_max_) sum_up_oldest();
}

void LossTotals::sum_up_oldest() {
  if (!stored_.contains(older_id)) {
    const auto& oldest = stored_.begin()->second.entry;
    stored_[older_id].entry = {.where = "log", .reason = "older", .first = oldest.first, .last = oldest.last};
    stored_[older_id].entry.detail = "entries beyond what the ledger holds, added up";
  }
  while (stored_.size() > entries_max_) {
    const auto oldest = stored_.upper_bound(older_id);
    auto& sum = stored_[older_id];
    merge(sum.entry, oldest->second.entry);
    sum.revision = revision_;
    if (const auto key = newest_.find(key_of(oldest->second.entry)); key->second == oldest->first) newest_.erase(key);
    stored_.erase(oldest);
  }
}

std::vector<LossEntry> LossTotals::entries() const {
  std::lock_guard lock(mutex_);
  std::vector<LossEntry> entries;
  entries.reserve(stored_.size());
  for (const auto& [id, stored] : stored_) entries.push_back(stored.entry);
  return entries;
}

std::uint64_t LossTotals::revision() const {
  std::lock_guard lock(mutex_);
  return revision_;
}

LossTotals::Changes LossTotals::changes_since(std::uint64_t revision) const {
  std::lock_guard lock(mutex_);
  Changes changes;
  for (const auto& [id, stored] : stored_) {
    if (stored.revision > revision) changes.rows.push_back({id, stored.entry});
  }
  const auto oldest = stored_.upper_bound(older_id);
  changes.oldest_id = oldest == stored_.end() ? next_id_ : oldest->first;
  return changes;
}

}  // namespace weir::gateway
