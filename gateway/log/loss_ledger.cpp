#include "log/loss_ledger.h"

#include <algorithm>

#include "base/limits.h"
#include "log/members.h"

namespace weir::gateway {

std::optional<Event> LossLedger::add(const Loss& loss, std::string_view reader, Timestamp now, Monotonic at) {
  Key key{loss.where, loss.reason, loss.device, loss.metric};
  auto found = sums_.find(key);
  if (found == sums_.end() && sums_.size() >= limits::loss_kinds_max) {
    key = {std::string(reader), loss.reason, {}, {}};
    found = sums_.find(key);
  }
  if (found == sums_.end()) {
    sums_[key] = {.due = at + limits::loss_interval};
    return to_event(key, {.count = loss.count, .first = now, .last = now, .detail = loss.detail});
  }
  auto& sum = found->second;
  if (sum.count == 0) sum.first = now, sum.detail = loss.detail;
  sum.count += loss.count;
  sum.last = now;
  return std::nullopt;
}

std::vector<Event> LossLedger::due(Monotonic at) {
  std::vector<Event> events;
  for (auto entry = sums_.begin(); entry != sums_.end();) {
    auto& [key, sum] = *entry;
    if (sum.due > at) {
      ++entry;
    } else if (sum.count == 0) {
      entry = sums_.erase(entry);  // quiet for a whole interval: the next one is recorded at once again
    } else {
      events.push_back(to_event(key, sum));
      sum = {.due = at + limits::loss_interval};
      ++entry;
    }
  }
  return events;
}

std::optional<Monotonic> LossLedger::next_due() const {
  std::optional<Monotonic> next;
  for (const auto& [key, sum] : sums_) {
    if (!next || sum.due < *next) next = sum.due;
  }
  return next;
}

Event LossLedger::to_event(const Key& key, const Sum& sum) {
  const auto& [where, reason, device, metric] = key;
  MembersWriter members;
  members.text("where", where).text("reason", reason).number("count", sum.count).time("first", sum.first).time("last", sum.last);
  members.text_unless_empty("device", device).text_unless_empty("metric", metric).text_unless_empty("detail", sum.detail);
  return {device, metric, members.take()};
}

}  // namespace weir::gateway
