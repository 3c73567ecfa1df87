// Sampler: which readings are due now, from the simulation or a capture.
//
// Purpose    the same readings for both transports.
// Thread     one.
// Ownership  keeps a reference to the simulation.
// Limits     at most 4,096 readings at once; a capture (and rate 0) waits for room, a sensor waits for nobody.
// Errors     open() fails where the capture cannot be read; rows that are no readings are told on stderr and skipped.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "node/node_options.h"
#include "node/simulation.h"

namespace weir::firmware {

struct Measured {
  std::size_t channel = 0;
  double value = 0;
  std::optional<Timestamp> time;  // of a capture; absent: now
};

class Sampler {
 public:
  static Result<std::unique_ptr<Sampler>> open(const NodeOptions& options, Simulation& simulation, Monotonic now);

  const std::vector<Channel>& channels() const { return replaying_ ? replayed_ : simulation_.channels(); }

  /// Appends what is due; `room` is how many the node can keep without dropping.
  void take(Monotonic now, std::size_t room, std::vector<Measured>& out);
  bool finished() const { return finished_; }
  Monotonic next() const { return next_; }

 private:
  Sampler(const NodeOptions& options, Simulation& simulation, Monotonic now);
  void take_row(std::vector<Measured>& out);
  void take_sensors(std::vector<Measured>& out);

  Simulation& simulation_;
  const std::chrono::nanoseconds interval_;
  const std::uint64_t count_;
  const bool replaying_;
  std::ifstream file_;
  std::vector<Channel> replayed_;
  Monotonic next_;
  std::uint64_t taken_ = 0;
  bool finished_ = false;
};

/// "2013-12-02 21:15:00,73.96": UTC where no offset is given.
Result<Measured> parse_row(const std::string& row);

}  // namespace weir::firmware
