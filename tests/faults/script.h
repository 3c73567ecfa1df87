// Script: a log that is used for a short while, and what it promised meanwhile.
//
// Purpose    the first half of every proof; Reopened (reopened.h) is the second.
// Thread     run() starts its writers and joins them; one script at a time per folder.
// Ownership  owns what it has seen.
// Limits     every record that was committed is kept.
// Errors     a log that refuses or stops is part of the story: it is in `stopped` and `refused`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "faults/workload.h"
#include "log/log.h"

namespace weir::faults {

/// A record as a client saw it.
struct Seen {
  gateway::Kind kind;
  Timestamp time;
  Quality quality;
  std::string device, metric, unit, members;
  Value value;

  static Seen of(const gateway::Record& record);
  friend bool operator==(const Seen&, const Seen&) = default;
};

struct Promise {
  std::size_t place = 0;  // in the trace
  std::chrono::steady_clock::time_point at;
  Source source;
  std::uint64_t number = 0;  // of the append
  std::uint64_t last = 0;    // what the log said
};

struct Plan {
  std::uint64_t seed = 1;
  gateway::LogOptions options;
  unsigned writers = 1;
  std::uint64_t appends = 50;  // of each writer
  unsigned text_bytes = 8;
  std::chrono::microseconds pause_max{};  // between two appends of a writer
  bool until_stopped = false;             // else a writer goes on where an append was refused
};

/// What a seed makes of it: durability, writers, sizes, pauses.
Plan plan_of(std::uint64_t seed, const gateway::LogOptions& options);

class Script {
 public:
  explicit Script(Plan plan) : plan_(std::move(plan)) {}

  /// Where in the trace we are; 0 where there is none.
  std::function<std::size_t()> place = [] { return std::size_t{0}; };
  /// Called with the open log before the writers begin and after they ended, before it is closed.
  std::function<void(gateway::Log&)> opened = [](gateway::Log&) {};
  std::function<void(gateway::Log&)> written = [](gateway::Log&) {};

  /// False: the log could not be opened; `open_error` says why.
  bool run();

  const Plan& plan() const { return plan_; }
  const std::vector<Promise>& promises() const { return promises_; }
  const std::map<std::uint64_t, Seen>& seen() const { return seen_; }
  std::uint32_t epoch() const { return epoch_; }
  const std::string& open_error() const { return open_error_; }
  const std::optional<std::string>& stopped() const { return stopped_; }  // what on_fatal said
  std::uint64_t refused() const { return refused_; }
  const std::optional<Error>& refusal() const { return refusal_; }  // the last that was not for want of space
  const gateway::LogStats& stats() const { return stats_; }         // before closing

 private:
  void write(gateway::Log& log, Source source);
  void collect(const gateway::Log& log);

  const Plan plan_;
  std::mutex mutex_;  // protects all below
  std::vector<Promise> promises_;
  std::map<std::uint64_t, Seen> seen_;
  std::uint32_t epoch_ = 0;
  std::string open_error_;
  std::optional<std::string> stopped_;
  std::uint64_t refused_ = 0;
  std::optional<Error> refusal_;
  gateway::LogStats stats_;
};

}  // namespace weir::faults
