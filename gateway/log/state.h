// State: what the log knows besides its records: the newest reading of each series, devices, marks, consumers, commands, keys.
//
// Purpose    everything here follows from the journal's entries. One State lives with the log and answers the writer; another
//            one gathers what a part of the journal changes, which save() then adds to the database.
// Thread     one thread at a time.
// Limits     limits.h: series, devices, boots of a node, consumers, idempotency keys.
// Errors     of the database.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "log/database.h"
#include "log/dictionary.h"
#include "log/entry.h"
#include "log/log.h"

namespace weir::gateway {

class State {
 public:
  /// `live`: commands are kept until they are taken, and forgotten consumers are gone. `changes`: all is kept for save().
  enum class Role { live, changes };
  explicit State(Role role) : role_(role) {}

  Result<void> load(Database& database, const Names& names);
  /// Inside a transaction: what is here replaces what is there; what is only there stays.
  Result<void> save(Database& database, const Dictionary& dictionary) const;

  /// Everything of an entry but its records, which come one by one.
  void apply(const Entry& entry);
  void apply(const Record& record);
  void apply(const Mark& mark);

  struct Device {
    DeviceState state = DeviceState::discovered;
    std::string reader;  // empty: only last_seen is known
    Timestamp last_seen;
  };
  const std::unordered_map<std::string, Device>& devices() const { return devices_; }
  const Device* device(const std::string& name) const;
  /// False beyond limits::devices_max.
  bool room_for_device() const;

  const std::vector<Record>& newest() const { return newest_; }  // by series id; seq 0: none
  const Mark* mark(const std::string& device, std::uint32_t boot) const;
  const std::map<std::string, ConsumerMark>& consumers() const { return consumers_; }
  const Push* push(const std::string& key) const;

  /// Open ones, then those that ended last; each in the order of their last states.
  std::vector<CommandStatus> take_commands();

 private:
  Device* find_or_add_device(const std::string& name);
  Result<void> load_newest(Database& database, const Names& names);
  Result<void> load_commands(Database& database);
  Result<void> save_devices(Database& database) const;
  Result<void> save_newest(Database& database, const Dictionary& dictionary) const;
  Result<void> save_commands(Database& database) const;
  Result<void> save_consumers_and_pushes(Database& database) const;
  void apply_device_event(const Record& record);
  void add_push(const Push& push);

  Role role_;
  bool commands_taken_ = false;
  std::unordered_map<std::string, Device> devices_;
  std::vector<Record> newest_;
  std::unordered_map<std::string, std::vector<Mark>> marks_;  // oldest boot first
  std::map<std::string, ConsumerMark> consumers_;
  std::unordered_map<std::string, Push> pushes_;
  std::deque<std::string> push_keys_;  // oldest first
  /// `change` rises with each state that any of them takes: neither their times nor their ids tell which of them ended last.
  struct ChangedCommand {
    std::uint64_t change = 0;
    CommandStatus status;
  };
  std::vector<ChangedCommand> commands_by_change() const;
  std::map<std::string, ChangedCommand> commands_;
  std::uint64_t command_changes_ = 0;
};

std::string_view to_string(DeviceState state);

}  // namespace weir::gateway
