// Filter: which records a consumer wants: kinds, devices, metrics; globs.
//
// Purpose    decided once per series and filter, then an array look-up per record.
// Thread     belongs to one thread, with its copies: they share what was decided.
// Limits     limits::filter_terms_max terms in each list; one byte per series remembered, once for all copies. `devices` leaves
//            out the records that are about no device (`*` does not); `metrics` says nothing of records that have no metric (a
//            command).
// Errors     parse says which term is wrong.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "log/record.h"

namespace weir::gateway {

class Filter {
 public:
  /// Comma-separated lists; empty text: `reading` for kinds, everything for devices and metrics.
  static Result<Filter> parse(std::string_view kinds, std::string_view devices, std::string_view metrics);

  /// From here on only what these let pass as well; empty text: no limit. Where the filter is made, before copies are.
  Result<void> narrow(std::string_view kinds, std::string_view devices);

  bool matches(const Record& record) {
    if (!wants(record.kind)) return false;
    return record.series ? matches_series(*record.series) : matches_event(*record.event);
  }
  bool matches_series(const Series& series) {
    const auto& decided = state_->decided;
    if (series.id < decided.size() && decided[series.id] != undecided) return decided[series.id] == yes;
    return decide(series);
  }
  /// The same for filters that let the same pass, by their text.
  const std::string& key() const { return state_->key; }
  bool wants(Kind kind) const { return (state_->kinds >> static_cast<unsigned>(kind)) & 1U; }
  bool wants_events() const { return (state_->kinds & ~(1U << static_cast<unsigned>(Kind::reading))) != 0; }

 private:
  friend class Filters;
  enum : std::uint8_t { undecided, no, yes };
  struct State {
    std::uint32_t kinds = 1U << static_cast<unsigned>(Kind::reading);
    std::vector<std::string> devices;  // empty: all
    std::vector<std::string> metrics;
    std::vector<std::string> limits;    // devices, of narrow(); empty: all
    std::vector<std::uint8_t> decided;  // by series id
    std::string key;
  };

  bool decide(const Series& series);
  bool matches_event(const Event& event) const;

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// Makes equal filters copies of one: a thousand clients that ask the same decide it once. Belongs to one thread, as they do.
class Filters {
 public:
  Filter same(Filter filter);
  std::size_t known() const { return states_.size(); }

 private:
  std::unordered_map<std::string, std::weak_ptr<Filter::State>> states_;
  std::size_t prune_at_ = 64;
};

}  // namespace weir::gateway
