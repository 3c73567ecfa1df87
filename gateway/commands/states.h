// States: what devices report of themselves, as far as commands depend on it.
//
// Purpose    read-back (does the state metric show what a command asked for?) and interlocks (may it be sent now?), from the
//            readings that the log has committed, however they came in.
// Thread     wake() from any thread; all else on the readers' poll loop.
// Ownership  keeps a reference to the log.
// Limits     reads the log's tail only while somebody watches; newest values of limits::devices_max interlocks. What the tail has
//            passed is not seen: a read-back is then shown by the next reading.
// Errors     none: what was not seen is not known.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "log/log.h"
#include "reading/command.h"

namespace weir::gateway {

struct SeenState {
  Value value;
  Timestamp time;
  Monotonic received;
};

class States {
 public:
  using Key = std::pair<std::string, std::string>;  // device and metric
  /// A reading of a watched series with its place in the log.
  using OnReading = std::function<void(const Key& key, std::uint64_t seq, const SeenState& seen)>;

  States(const Log& log, const Clock& clock) : log_(log), clock_(clock) {}

  /// Whether wake() has anything to do: any thread.
  bool watching() const { return watching_; }
  /// All commands that may be asked of devices: the interlocks among them are followed from now on.
  void follow_interlocks(const std::vector<DeclaredCommand>& declared);
  void watch(const Key& key);
  void unwatch(const Key& key);
  void follow(const OnReading& on_reading);

  /// Ok where the newest value fits and is not older than the interlock says.
  Result<void> holds(const Interlock& interlock, const std::string& device) const;

 private:
  void begin();
  void take(const Record& record, const OnReading& on_reading);

  const Log& log_;
  const Clock& clock_;
  std::uint64_t after_ = 0;
  std::map<Key, std::size_t> watched_;
  std::set<std::string, std::less<>> interlock_metrics_;
  std::map<Key, SeenState> newest_;  // of interlocks
  std::atomic<bool> watching_ = false;
  std::vector<BlockPtr> blocks_;  // scratch
};

/// What the state metric has to show, as JSON text: the argument of the metric's name, else the only one. Empty: nothing to
/// compare.
std::string wanted_state(const DeclaredCommand& declared, const std::string& args_json);
bool shows(const Value& value, const std::string& wanted_json);

/// The device's result with what was read back: `verified` true or false, null while it is not known yet.
std::string with_verdict(const std::string& result_json, const std::string& metric, std::optional<bool> verified,
                         const std::optional<SeenState>& seen);

}  // namespace weir::gateway
