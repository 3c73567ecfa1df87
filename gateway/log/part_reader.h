// PartReader: the entries of a journal's part, decoded.
//
// Purpose    reads in order what commits wrote: for a start, the fold, history, cold reads, and whoever checks a log.
// Thread     any, one at a time.
// Ownership  keeps the part. What it gives is valid until the next call of next(); records point into the names' series and
// units. Limits     one entry is in memory, and 128 KiB of the file. Errors     `not_found` the part's file is another part's by
// now; `invalid` an entry with a right CRC does not parse, which
//            is a bug, or has a name that `names` do not know; of File.
#pragma once

#include <memory>
#include <vector>

#include "log/dictionary.h"
#include "log/entry.h"
#include "log/journal_part.h"
#include "log/segment.h"

namespace weir::gateway {

class PartReader {
 public:
  /// The names that an entry brings are put into `learner` before its records are decoded; null: `names` know them already.
  PartReader(std::shared_ptr<const JournalPart> part, JournalPart::Place from, Names names, Dictionary* learner = nullptr)
      : reader_(std::move(part), from), names_(std::move(names)), learner_(learner) {}

  /// False at the end.
  Result<bool> next();

  // Of the entry that next() found.
  const Entry& entry() const { return entry_; }
  const Commit& commit() const { return commit_; }
  std::vector<Record>& records() { return records_; }
  JournalPart::Place behind() const { return {reader_.offset()}; }

 private:
  JournalReader reader_;
  const Names names_;
  Dictionary* const learner_;
  Entry entry_;
  Commit commit_;
  std::vector<Record> records_;
};

}  // namespace weir::gateway
