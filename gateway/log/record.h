// Record: one numbered entry of the log. CONTRACT: "Records (JSON)".
//
// Purpose    what the log stores and every consumer reads.
// Thread     immutable once published in a Block; any thread.
// Ownership  Series and units are owned by the log, never freed while it is open: their addresses are identities.
// Limits     limits.h.
// Errors     none.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "log/cursor.h"
#include "reading/reading.h"

namespace weir::gateway {

enum class Kind : std::uint8_t { reading = 1, command, device, alarm, loss, system };
inline constexpr std::uint8_t kind_count = 6;

std::string_view to_string(Kind kind);
std::optional<Kind> kind_from(std::string_view text);

struct Series {
  std::uint32_t id;  // dense, from 0: usable as an index
  std::string device;
  std::string metric;
};

/// The body of every kind but a reading.
struct Event {
  std::string device;   // for filters; empty: none
  std::string metric;   // for filters; empty: none
  std::string members;  // JSON members besides seq, kind, time: `"device":"boiler","state":"online","reader":"field"`
};

struct Record {
  std::uint64_t seq = 0;
  Timestamp time;      // when it was measured or happened
  Timestamp received;  // when the log took it
  Kind kind = Kind::reading;
  Quality quality = Quality::good;
  bool clock_unsynchronised = false;
  const Series* series = nullptr;      // of a reading
  const std::string* unit = nullptr;   // of a reading; never null there, may be empty
  Value value;                         // of a reading
  std::shared_ptr<const Event> event;  // of every other kind

  std::string_view device() const { return series ? std::string_view(series->device) : std::string_view(event->device); }
  std::string_view metric() const { return series ? std::string_view(series->metric) : std::string_view(event->metric); }
};

/// What one commit published: consecutive records, immutable.
struct Block {
  std::vector<Record> records;  // never empty

  std::uint64_t first() const { return records.front().seq; }
  std::uint64_t last() const { return records.back().seq; }
};
using BlockPtr = std::shared_ptr<const Block>;

enum class CommandState : std::uint8_t { queued, sent, succeeded, failed, expired, cancelled, unknown };
std::string_view to_string(CommandState state);
std::optional<CommandState> command_state_from(std::string_view text);
constexpr bool is_final(CommandState state) { return state > CommandState::sent; }

/// One command as it stands; every change of it is a record of kind `command` and a row.
struct CommandStatus {
  std::string id;
  std::string device;
  std::string name;
  std::string args_json;
  CommandState state = CommandState::queued;
  std::string by;  // who asked
  Timestamp created;
  Timestamp deadline;
  std::string result_json;      // empty: none
  std::string error;            // empty: none
  std::string idempotency_key;  // empty: none; never shown
};

/// `"id":…,"device":…,"name":…,"args":…,"state":…,"by":…,"deadline":…[,"result":…][,"error":…]`
std::string command_members(const CommandStatus& command);

/// The reverse, from a record's members. Used where commands are followed by reading the log.
Result<CommandStatus> command_from_members(std::string_view members);

}  // namespace weir::gateway
