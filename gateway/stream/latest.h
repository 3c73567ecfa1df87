// Latest: the newest reading of each series, the state of each device, and the commands, by following the log.
//
// Purpose    what /v1/devices, /v1/commands, snapshot=1 and lag=latest answer from: memory, never the disk.
// Thread     belongs to the server thread, which applies each block from the tail in order.
// Limits     series_max, devices_max; the newest 1,000 finished commands.
// Errors     none.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
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
  explicit Latest(const Log& log);  // seeds itself from newest(), devices(), commands()

  /// Applies all records after applied() that the tail has; true when something was new.
  bool follow();
  std::uint64_t applied() const { return applied_; }

  const Record* newest(std::uint32_t series) const;
  /// The newest reading of each matching series, by sequence, with seq > after.
  std::vector<const Record*> snapshot(Filter& filter, std::uint64_t after = 0) const;

  const std::map<std::string, DeviceView, std::less<>>& devices() const { return devices_; }
  const CommandStatus* command(std::string_view id) const;
  const std::deque<std::string>& command_ids() const { return command_order_; }  // oldest first

 private:
  void apply(const Record& record);

  const Log& log_;
  std::uint64_t applied_ = 0;
  std::vector<Record> newest_;  // by series id; seq 0: none
  std::map<std::string, DeviceView, std::less<>> devices_;
  std::map<std::string, CommandStatus, std::less<>> commands_;
  std::deque<std::string> command_order_;
  std::vector<BlockPtr> blocks_;  // scratch
};

}  // namespace weir::gateway
