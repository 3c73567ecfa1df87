// Intake: where readers hand over what they read, and learn that it is committed.
//
// Purpose    the boundary between firmware-host (knows devices) and the gateway (knows the log).
// Thread     both calls from any thread. `committed` runs on the log's thread: it must not block.
// Ownership  a Delivery moves in.
// Limits     limits::log_queue_readings_max readings waiting; beyond: refused with ErrorCode::full, nothing taken.
// Errors     full, timed_out (may still be committed later: the sender will send again), io (the log stopped).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "reading/reading.h"

namespace weir {

/// Something that did not become a reading. Counted, recorded, never silent.
struct Loss {
  std::string where;   // reader and topic, port or route: "mqtt field sensors/a/b"
  std::string reason;  // undecodable, overflow, full, expired, noise, ...
  std::uint64_t count = 1;
  std::string detail;  // what was wrong with the first of them
  std::string device;  // empty: unknown
  std::string metric;
};

enum class DeviceState : std::uint8_t { discovered, online, offline };

struct DeviceChange {
  std::string device;
  DeviceState state;
};

/// A node numbers its readings within a boot: (device, boot, sequence) is taken once, however often it is sent.
struct NodeMark {
  std::string device;
  std::uint32_t boot = 0;
  std::uint32_t first_sequence = 0;  // of readings[0]; each further reading is one more
};

struct Delivery {
  std::string reader;  // its configured name
  std::vector<Reading> readings;
  std::vector<Loss> losses;
  std::vector<DeviceChange> devices;
  std::optional<NodeMark> mark;
};

class Intake {
 public:
  virtual ~Intake() = default;

  /// Returns after the commit, or at the deadline.
  virtual Result<void> deliver_and_wait(Delivery&& delivery, std::chrono::milliseconds deadline) = 0;

  /// Returns at once; `committed` is called exactly once if this returned ok.
  virtual Result<void> deliver(Delivery&& delivery, std::function<void(const Result<void>&)> committed) = 0;
};

}  // namespace weir
