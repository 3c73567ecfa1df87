#include "log/history_gaps.h"

#include <algorithm>
#include <tuple>

namespace weir::gateway {

namespace {

/// The log's own losses are of all series.
bool of_every_series(const LossEntry& loss) {
  return loss.where == "log" && loss.device.empty() && (loss.reason == "expired" || loss.reason == "damaged");
}

bool concerns(const LossEntry& loss, const Series& series) {
  if (of_every_series(loss)) return true;
  return loss.device == series.device && (loss.metric.empty() || loss.metric == series.metric);
}

}  // namespace

void HistoryGaps::add(HistoryGap gap) {
  if (gap.to < range_.from || gap.from >= range_.to) return;
  gap.from = std::max(gap.from, range_.from);
  gap.to = std::min(gap.to, range_.to);
  gaps_.push_back(std::move(gap));
}

void HistoryGaps::add(const std::vector<LossEntry>& losses, const Series& series) {
  for (const auto& loss : losses) {
    if (loss.where == "log" && loss.reason == "thinned") add_gone_after_thinning(loss);
    if (!concerns(loss, series)) continue;
    const bool counted = loss.metric == series.metric && range_.has(loss.first) && range_.has(loss.last);
    add({.from = loss.first, .to = loss.last, .reason = loss.reason, .lost = counted ? loss.count : 0});
  }
}

/// What was thinned its partitions tell better, as long as they are there. The oldest go first.
void HistoryGaps::add_gone_after_thinning(const LossEntry& loss) {
  auto to = loss.last;
  for (const auto& kept : minutes_kept_) {
    if (kept.from <= loss.last && kept.to >= loss.first) to = std::min(to, kept.from);
  }
  if (to > loss.first) add({.from = loss.first, .to = to, .reason = "expired"});
}

std::vector<HistoryGap> HistoryGaps::take() {
  const auto by_reason = [](const HistoryGap& gap) { return std::tie(gap.reason, gap.from, gap.to); };
  std::sort(gaps_.begin(), gaps_.end(), [&](const auto& a, const auto& b) { return by_reason(a) < by_reason(b); });
  std::vector<HistoryGap> merged;
  for (auto& gap : gaps_) {
    if (merged.empty() || merged.back().reason != gap.reason || merged.back().to < gap.from) {
      merged.push_back(std::move(gap));
      continue;
    }
    auto& before = merged.back();
    before.to = std::max(before.to, gap.to);
    before.lost = before.lost == 0 || gap.lost == 0 ? 0 : before.lost + gap.lost;
  }
  std::stable_sort(merged.begin(), merged.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
  return merged;
}

}  // namespace weir::gateway
