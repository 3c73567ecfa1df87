// Filter: which records a consumer wants: kinds, devices, metrics; globs.
//
// Purpose    decided once per series and filter, then an array look-up per record.
// Thread     belongs to one thread (it remembers decisions).
// Limits     limits::filter_terms_max terms in each list; one byte per series remembered. `devices` leaves out the records
//            that are about no device (`*` does not); `metrics` says nothing of records that have no metric (a command).
// Errors     parse says which term is wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/record.h"

namespace weir::gateway {

class Filter {
 public:
  /// Comma-separated lists; empty text: `reading` for kinds, everything for devices and metrics.
  static Result<Filter> parse(std::string_view kinds, std::string_view devices, std::string_view metrics);

  bool matches(const Record& record) {
    if (!wants(record.kind)) return false;
    return record.series ? matches_series(*record.series) : matches_event(*record.event);
  }
  bool matches_series(const Series& series) {
    if (series.id < decided_.size() && decided_[series.id] != undecided) return decided_[series.id] == yes;
    return decide(series);
  }
  bool wants(Kind kind) const { return (kinds_ >> static_cast<unsigned>(kind)) & 1U; }
  /// The same for filters that let the same pass, by their text.
  const std::string& key() const { return key_; }
  bool wants_events() const { return (kinds_ & ~(1U << static_cast<unsigned>(Kind::reading))) != 0; }

 private:
  enum : std::uint8_t { undecided, no, yes };

  bool decide(const Series& series);
  bool matches_event(const Event& event) const;

  std::uint32_t kinds_ = 1U << static_cast<unsigned>(Kind::reading);
  std::vector<std::string> devices_;  // empty: all
  std::vector<std::string> metrics_;
  std::vector<std::uint8_t> decided_;  // by series id
  std::string key_;
};

}  // namespace weir::gateway
