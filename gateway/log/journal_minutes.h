// JournalMinutes: what is in the journal by the minute, so that history need not read all of it for each question.
//
// Purpose    remembers how far a part was read and the minutes that were found; the next question reads only what came since.
// Thread     the history thread.
// Ownership  owns the minutes.
// Limits     journal_minutes_max buckets (7 MiB); a part that would pass it is not summed up, nor is one whose times may still be
//            corrected: it is read each time.
// Errors     of the journal: `not_found` where the part's file was used again.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "log/journal.h"
#include "log/rollup.h"
#include "log/segment.h"

namespace weir::gateway {

inline constexpr std::size_t journal_minutes_max = 65'536;

class JournalMinutes {
 public:
  /// Parts that are not there any more are forgotten.
  void keep(const std::vector<JournalPartPtr>& parts);

  /// The minutes of a series in a part, by time; null: read it.
  Result<const std::vector<Bucket>*> of(const JournalPartPtr& part, std::uint32_t series, const Names& names);

 private:
  struct Part {
    JournalPart::Place read;  // up to here
    bool summed_up = true;
    std::unordered_map<std::uint32_t, std::vector<Bucket>> series;
  };
  Result<void> catch_up(const JournalPartPtr& part, Part& known, const Names& names);
  void add(Part& known, const Record& reading);
  void give_up(Part& known);

  std::map<std::uint64_t, Part> parts_;  // by number
  std::size_t buckets_ = 0;
};

}  // namespace weir::gateway
