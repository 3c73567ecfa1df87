// LossLedger: losses of the same kind become one record a second.
//
// Purpose    the first loss of a kind is recorded at once; those that follow within a second are added up, so that a
//            device that sends rubbish can't flood the log, and every single one is counted.
// Thread     the committing thread.
// Limits     limits::loss_kinds_max kinds (where, reason, device, metric) at once; beyond: added up under the reader.
// Errors     none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/time.h"
#include "log/record.h"
#include "reading/intake.h"

namespace weir::gateway {

class LossLedger {
 public:
  /// The event to record now, or nothing: it was added to one that will be due.
  std::optional<Event> add(const Loss& loss, std::string_view reader, Timestamp now, Monotonic at);

  /// What has waited for a second.
  std::vector<Event> due(Monotonic at);
  std::optional<Monotonic> next_due() const;

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::string>;  // where, reason, device, metric
  struct Sum {
    std::uint64_t count = 0;
    Timestamp first, last;
    std::string detail;
    Monotonic due;
  };
  static Event to_event(const Key& key, const Sum& sum);

  std::map<Key, Sum> sums_;
};

}  // namespace weir::gateway
