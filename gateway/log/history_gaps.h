// HistoryGaps: where readings of a series are missing, and why.
//
// Purpose    gathers what the loss ledger, thinned partitions and damaged rows tell; those of one reason that meet are one.
// Thread     belongs to one thread.
// Limits     one for each entry of the ledger and each partition.
// Errors     none.
#pragma once

#include <vector>

#include "log/history_grid.h"
#include "log/log.h"

namespace weir::gateway {

class HistoryGaps {
 public:
  explicit HistoryGaps(TimeRange range) : range_(range) {}

  /// What lies outside of the range is cut off, or passed over.
  void add(HistoryGap gap);
  /// Of a thinned partition that is still there.
  void keep_minutes(Timestamp from, Timestamp to) { minutes_kept_.push_back({from, to}); }
  /// Losses of the series, or of its device, and what the log itself lost.
  void add(const std::vector<LossEntry>& losses, const Series& series);

  /// By time.
  std::vector<HistoryGap> take();

 private:
  void add_gone_after_thinning(const LossEntry& loss);

  TimeRange range_;
  std::vector<TimeRange> minutes_kept_;
  std::vector<HistoryGap> gaps_;
};

}  // namespace weir::gateway
