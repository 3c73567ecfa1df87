#include "log/dictionary.h"

#include <mutex>

#include "base/limits.h"

namespace weir::gateway {

namespace {

void make_key(std::string& key, std::string_view device, std::string_view metric) {
  key.assign(device);
  key.push_back('\0');
  key.append(metric);
}

/// Ids are dense: a hole means that rows are missing.
Error missing(std::string_view table) { return {ErrorCode::invalid, "the log's table " + std::string(table) + " has a hole"}; }

}  // namespace

Result<void> Dictionary::load(Database& database) {
  auto series = for_each_row(database.prepare("SELECT id, device, metric FROM series ORDER BY id"), [this](const Statement& row) {
    if (static_cast<std::size_t>(row.integer(0)) == series_.size()) add_series(row.text(1), row.text(2));
  });
  if (!series) return series;
  auto units = for_each_row(database.prepare("SELECT id, text FROM unit ORDER BY id"), [this](const Statement& row) {
    if (static_cast<std::size_t>(row.integer(0)) == units_.size()) add_unit(row.text(1));
  });
  if (!units) return units;
  for (const auto& [table, size] : {std::pair{"series", series_.size()}, {"unit", units_.size()}}) {
    auto rows = database.number("SELECT COUNT(*) FROM " + std::string(table));
    if (!rows) return rows.error();
    if (static_cast<std::size_t>(*rows) != size) return missing(table);
  }
  taken();
  return {};
}

void Dictionary::restore(const Entry& entry) {
  for (std::size_t i = 0; i < entry.series.size(); ++i) {
    if (entry.first_series + i == series_count()) add_series(entry.series[i].first, entry.series[i].second);
  }
  for (std::size_t i = 0; i < entry.units.size(); ++i) {
    if (entry.first_unit + i == unit_count()) add_unit(entry.units[i]);
  }
}

const Series* Dictionary::add_series(std::string_view device, std::string_view metric) {
  std::unique_lock lock(mutex_);
  const auto& added =
      series_.emplace_back(Series{static_cast<std::uint32_t>(series_.size()), std::string(device), std::string(metric)});
  make_key(key_, device, metric);
  series_by_name_.emplace(key_, &added);
  return &added;
}

const Dictionary::Unit* Dictionary::add_unit(std::string_view text) {
  std::unique_lock lock(mutex_);
  const auto& added = units_.emplace_back(Unit{static_cast<std::uint32_t>(units_.size()), std::string(text)});
  units_by_text_.emplace(added.text, &added);
  return &added;
}

const Series* Dictionary::find_or_add_series(std::string_view device, std::string_view metric) {
  make_key(key_, device, metric);
  if (const auto found = series_by_name_.find(key_); found != series_by_name_.end()) return found->second;
  return series_.size() >= limits::series_max ? nullptr : add_series(device, metric);
}

const Dictionary::Unit* Dictionary::find_or_add_unit(std::string_view text) {
  key_.assign(text);
  if (const auto found = units_by_text_.find(key_); found != units_by_text_.end()) return found->second;
  return units_.size() >= limits::units_max ? nullptr : add_unit(text);
}

void Dictionary::take_new(Entry& entry) const {
  entry.first_series = static_cast<std::uint32_t>(series_taken_);
  for (auto id = series_taken_; id < series_.size(); ++id) entry.series.emplace_back(series_[id].device, series_[id].metric);
  entry.first_unit = static_cast<std::uint32_t>(units_taken_);
  for (auto id = units_taken_; id < units_.size(); ++id) entry.units.push_back(units_[id].text);
}

void Dictionary::taken() {
  series_taken_ = series_.size();
  units_taken_ = units_.size();
}

std::size_t Dictionary::series_count() const {
  std::shared_lock lock(mutex_);
  return series_.size();
}

std::size_t Dictionary::unit_count() const {
  std::shared_lock lock(mutex_);
  return units_.size();
}

const Series* Dictionary::find_series(std::string_view device, std::string_view metric) const {
  std::string key;
  make_key(key, device, metric);
  std::shared_lock lock(mutex_);
  const auto found = series_by_name_.find(key);
  return found == series_by_name_.end() ? nullptr : found->second;
}

const std::string* Dictionary::find_unit(std::string_view text) const {
  const std::string key(text);
  std::shared_lock lock(mutex_);
  const auto found = units_by_text_.find(key);
  return found == units_by_text_.end() ? nullptr : &found->second->text;
}

std::uint32_t Dictionary::unit_id(const std::string* unit) const {
  std::shared_lock lock(mutex_);
  return units_by_text_.at(*unit)->id;
}

Names Dictionary::names() const {
  return {.series =
              [this](std::uint32_t id) {
                std::shared_lock lock(mutex_);
                return id < series_.size() ? &series_[id] : nullptr;
              },
          .unit =
              [this](std::uint32_t id) {
                std::shared_lock lock(mutex_);
                return id < units_.size() ? &units_[id].text : nullptr;
              },
          .boot_time = nullptr};
}

}  // namespace weir::gateway
