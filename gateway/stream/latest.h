// Latest: the newest reading of each series, the state of each device, and the commands, by following the log.
//
// Purpose    what /v1/devices, /v1/commands, snapshot=1 and lag=latest answer from: memory, never the disk.
// Thread     belongs to the server thread, which applies each block from the tail in order.
// Limits     series_max; devices_max (readings of further devices are kept, the device is counted and not listed); the
//            newest finished_commands_max finished commands.
// Errors     none. Where the thread was held up until the tail had passed applied(), cold() is true: read the log
//            after applied() and feed() the answer; until then it answers as of applied(). Nothing is skipped but what
//            retention has dropped.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "log/log.h"
#include "log/record.h"
#include "stream/filter.h"

namespace weir::gateway {

struct DeviceView {
  std::string device;
  std::string state;  // online, offline, discovered
  std::string reader;
  Timestamp last_seen;
  std::vector<std::uint32_t> series;  // ids, in order of appearance
};

class Latest {
 public:
  static constexpr std::size_t finished_commands_max = 1000;

  explicit Latest(const Log& log);  // seeds itself from newest(), devices(), commands()

  /// Applies all records after applied() that the tail has; true when something was new.
  bool follow();
  std::uint64_t applied() const { return applied_; }

  /// Log::read(applied(), …) is needed; false again after feed(). Null: nothing there, the tail goes on.
  bool cold() const { return cold_; }
  void feed(const BlockPtr& block);

  const Record* newest(std::uint32_t series) const;
  /// The sequence number of the reading before the newest; 0: none known.
  std::uint64_t previous(std::uint32_t series) const;
  std::size_t series_count() const { return newest_.size(); }  // ids are below it
  /// The newest reading of each matching series, by sequence, with seq > after.
  std::vector<const Record*> snapshot(Filter& filter, std::uint64_t after = 0) const;

  const std::map<std::string, DeviceView, std::less<>>& devices() const { return devices_; }
  const CommandStatus* command(std::string_view id) const;
  const std::deque<std::string>& command_ids() const { return command_order_; }  // oldest first
  std::uint64_t devices_refused() const { return devices_refused_; }

 private:
  struct Newest {
    Record record;
    std::uint64_t previous = 0;
  };

  void apply(const Block& block);
  void apply(const Record& record);
  void apply_reading(const Record& record);
  void apply_device(const Record& record);
  void apply_command(const Record& record);
  void store(CommandStatus&& command);
  void forget_finished();
  DeviceView* device(std::string_view name);

  const Log& log_;
  std::uint64_t applied_ = 0;
  bool cold_ = false;
  std::vector<Newest> newest_;  // by series id; seq 0: none
  std::map<std::string, DeviceView, std::less<>> devices_;
  std::map<std::string, CommandStatus, std::less<>> commands_;
  std::deque<std::string> command_order_;
  std::size_t finished_ = 0;
  std::uint64_t devices_refused_ = 0;
  std::vector<BlockPtr> blocks_;  // scratch
};

}  // namespace weir::gateway
