// Reopened: a log that is started again, held against what was promised.
//
// Purpose    the second half of every proof: nothing promised is missing, no number means something else than before, order
//            is kept, state agrees with the records, and the log goes on.
// Thread     one.
// Ownership  none.
// Limits     reads the whole log into memory.
// Errors     the first broken promise, in words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "faults/script.h"

namespace weir::faults {

struct Expected {
  const Script* script = nullptr;
  std::size_t promised = 0;      // the first so many promises must be kept
  std::size_t given = 0;         // and the numbers of the first so many must not be given to others
  bool damage_is_told = false;   // records may be missing, if the log says so
  bool end_may_be_lost = false;  // the end of a journal that was not closed
  bool goes_on = true;           // afterwards it takes appends
  bool went_on = false;          // it took appends after the script, under numbers that nobody had been given
};

struct Outcome {
  std::optional<std::string> broken;  // empty: all is well
  std::uint64_t records = 0;          // that were there
  std::uint64_t lost = 0;             // records that were seen and are not there
  bool told = false;                  // the log said that something is damaged or lost
  bool stopped = false;               // it met damage while it ran, stopped and said so
  bool end_lost = false;              // the last records are missing, which nobody can tell from a commit that was torn
  bool replaced = false;              // it set the old file aside
};

Outcome reopen(const gateway::LogOptions& options, const Expected& expected);

}  // namespace weir::faults
