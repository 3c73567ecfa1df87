// Dictionary: series and units by small numbers, so that a stored reading names them in a byte or two.
//
// Purpose    interning; the numbers are dense from 0 and never change for the life of a log.
// Thread     find_or_add_*, persist() and committed(): the committing thread. *_by_id(): any thread.
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
#include "log/codec.h"
#include "log/database.h"
#include "log/record.h"

namespace weir::gateway {

class Dictionary {
 public:
  struct Unit {
    std::uint32_t id;
    std::string text;
  };

  Result<void> load(Database& database);

  const Series* find_or_add_series(std::string_view device, std::string_view metric);
  const Unit* find_or_add_unit(std::string_view text);

  /// Inside the transaction: writes what is new. committed() afterwards, or the next transaction writes it again.
  Result<void> persist();
  void committed();

  std::size_t series_count() const;
  Names names() const;  // keeps a reference to this

 private:
  void restore_series(std::string_view device, std::string_view metric);
  void restore_unit(std::string_view text);

  mutable std::shared_mutex mutex_;  // protects the growth of the two deques
  std::deque<Series> series_;
  std::deque<Unit> units_;

  // The committing thread's.
  std::unordered_map<std::string, const Series*> series_by_name_;  // "device\0metric"
  std::unordered_map<std::string, const Unit*> units_by_text_;
  std::size_t series_persisted_ = 0, units_persisted_ = 0;
  std::string key_;  // scratch
  Statement insert_series_, insert_unit_;
};

}  // namespace weir::gateway
