// State: what the log knows besides its records: the newest reading of each series, devices, marks, consumers.
//
// Purpose    everything here follows from the records, so commits don't write it: it is saved with each new partition and at
//            a clean stop, and brought up to date at the start by replaying the journal since then.
// Thread     the committing thread (the opening thread before).
// Limits     limits.h: series, devices, boots of a node, consumers.
// Errors     of the database.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "log/codec.h"
#include "log/database.h"
#include "log/dictionary.h"
#include "log/log.h"

namespace weir::gateway {

class State {
 public:
  Result<void> load(Database& database, const Names& names);
  Result<void> save(Database& database, Dictionary& dictionary) const;

  void apply(const Record& record);
  void apply(const Mark& mark);

  struct Device {
    DeviceState state = DeviceState::discovered;
    std::string reader;
    Timestamp last_seen;
  };
  const std::unordered_map<std::string, Device>& devices() const { return devices_; }
  /// Null beyond limits::devices_max.
  Device* find_or_add_device(const std::string& name);

  const std::vector<Record>& newest() const { return newest_; }  // by series id; seq 0: none
  const Mark* mark(const std::string& device, std::uint32_t boot) const;

 private:
  Result<void> load_newest(Database& database, const Names& names);
  Result<void> save_newest(Database& database, Dictionary& dictionary) const;
  void apply_device_event(const Record& record);

  std::unordered_map<std::string, Device> devices_;
  std::vector<Record> newest_;
  std::unordered_map<std::string, std::vector<Mark>> marks_;  // oldest boot first
};

std::string_view to_string(DeviceState state);

}  // namespace weir::gateway
