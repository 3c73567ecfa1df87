// Dictionary: series and units by small numbers, so that a stored reading names them in a byte or two.
//
// Purpose    interning; the numbers are dense from 0 and never change for the life of a log.
// Thread     find_or_add_*(), take_new() and taken(): the committing thread. load() and a restore() that brings something:
//            before the first append. The rest: any.
// Ownership  owns every Series and unit until the log is closed; their addresses never change.
// Limits     limits::series_max, limits::units_max: beyond them find_or_add gives null.
// Errors     of the database.
#pragma once

#include <cstdint>
#include <deque>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "log/database.h"
#include "log/entry.h"
#include "log/record.h"
#include "log/segment.h"

namespace weir::gateway {

class Dictionary {
 public:
  struct Unit {
    std::uint32_t id;
    std::string text;
  };

  Result<void> load(Database& database);
  /// The names that an entry brought; those that are known already are passed over.
  void restore(const Entry& entry);

  const Series* find_or_add_series(std::string_view device, std::string_view metric);
  const Unit* find_or_add_unit(std::string_view text);

  /// Puts into `entry` what no committed entry has; taken() when it is committed.
  void take_new(Entry& entry) const;
  void taken();

  std::size_t series_count() const;
  std::size_t unit_count() const;
  const Series* find_series(std::string_view device, std::string_view metric) const;  // null: unknown
  const std::string* find_unit(std::string_view text) const;                          // null: unknown
  /// Of a unit's text as Records point to it.
  std::uint32_t unit_id(const std::string* unit) const;
  /// Without boot_time. Keeps a reference to this.
  Names names() const;

 private:
  const Series* add_series(std::string_view device, std::string_view metric);
  const Unit* add_unit(std::string_view text);

  mutable std::shared_mutex mutex_;  // protects the growth of all four
  std::deque<Series> series_;
  std::deque<Unit> units_;
  std::unordered_map<std::string, const Series*> series_by_name_;  // "device\0metric"
  std::unordered_map<std::string, const Unit*> units_by_text_;

  // The committing thread's.
  std::size_t series_taken_ = 0, units_taken_ = 0;
  std::string key_;  // scratch
};

}  // namespace weir::gateway
