// GapTeller: each gap once, however many pages of an export tell of it.
//
// Purpose    every page of the log knows the gaps of the whole range; retention may lengthen one while an export runs.
// Thread     belongs to one export.
// Ownership  owns what it was told.
// Limits     as many gaps as the loss ledger has entries (limits::loss_entries_max) and those of retention.
// Errors     none.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "log/log.h"

namespace weir::gateway {

class GapTeller {
 public:
  void learn(const std::vector<HistoryGap>& gaps) {
    for (const HistoryGap& gap : gaps) {
      auto [known, fresh] = until_.try_emplace({gap.from, gap.reason}, gap.to);
      if (fresh) {
        waiting_.push_back(gap);
      } else if (gap.to > known->second) {
        waiting_.push_back({known->second, gap.to, gap.reason, 0});
        known->second = gap.to;
      }
    }
  }

  /// The next gap that begins at `time` or before; null: none.
  const HistoryGap* next(Timestamp time) {
    if (waiting_.empty() || waiting_.front().from > time) return nullptr;
    told_ = std::move(waiting_.front());
    waiting_.pop_front();
    return &told_;
  }

 private:
  std::map<std::pair<Timestamp, std::string>, Timestamp> until_;
  std::deque<HistoryGap> waiting_;  // by time, as the log tells them
  HistoryGap told_;
};

}  // namespace weir::gateway
