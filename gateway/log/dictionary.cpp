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

}  // namespace

Result<void> Dictionary::load(Database& database) {
  auto series = database.prepare("SELECT device, metric FROM series ORDER BY id");
  auto units = database.prepare("SELECT text FROM unit ORDER BY id");
  auto insert_series = database.prepare("INSERT INTO series(id, device, metric) VALUES (?, ?, ?)");
  auto insert_unit = database.prepare("INSERT INTO unit(id, text) VALUES (?, ?)");
  for (auto* statement : {&series, &units, &insert_series, &insert_unit}) {
    if (!*statement) return statement->error();
  }
  for (;;) {
    auto row = series->step();
    if (!row) return row.error();
    if (!*row) break;
    restore_series(series->text(0), series->text(1));
  }
  for (;;) {
    auto row = units->step();
    if (!row) return row.error();
    if (!*row) break;
    restore_unit(units->text(0));
  }
  insert_series_ = std::move(*insert_series);
  insert_unit_ = std::move(*insert_unit);
  committed();
  return {};
}

void Dictionary::restore_series(std::string_view device, std::string_view metric) {
  std::unique_lock lock(mutex_);
  const auto& added =
      series_.emplace_back(Series{static_cast<std::uint32_t>(series_.size()), std::string(device), std::string(metric)});
  make_key(key_, device, metric);
  series_by_name_.emplace(key_, &added);
}

void Dictionary::restore_unit(std::string_view text) {
  std::unique_lock lock(mutex_);
  const auto& added = units_.emplace_back(Unit{static_cast<std::uint32_t>(units_.size()), std::string(text)});
  units_by_text_.emplace(added.text, &added);
}

const Series* Dictionary::find_or_add_series(std::string_view device, std::string_view metric) {
  make_key(key_, device, metric);
  if (const auto found = series_by_name_.find(key_); found != series_by_name_.end()) return found->second;
  if (series_.size() >= limits::series_max) return nullptr;
  restore_series(device, metric);
  return &series_.back();
}

const Dictionary::Unit* Dictionary::find_or_add_unit(std::string_view text) {
  key_.assign(text);
  if (const auto found = units_by_text_.find(key_); found != units_by_text_.end()) return found->second;
  if (units_.size() >= limits::units_max) return nullptr;
  restore_unit(text);
  return &units_.back();
}

Result<void> Dictionary::persist() {
  for (std::size_t id = series_persisted_; id < series_.size(); ++id) {
    if (auto done = insert_series_.bind(series_[id].id, series_[id].device, series_[id].metric).run(); !done) return done;
  }
  for (std::size_t id = units_persisted_; id < units_.size(); ++id) {
    if (auto done = insert_unit_.bind(units_[id].id, units_[id].text).run(); !done) return done;
  }
  return {};
}

void Dictionary::committed() {
  series_persisted_ = series_.size();
  units_persisted_ = units_.size();
}

std::size_t Dictionary::series_count() const {
  std::shared_lock lock(mutex_);
  return series_.size();
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
              }};
}

}  // namespace weir::gateway
