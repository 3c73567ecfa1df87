// LossTotals: the loss ledger, as `GET /v1/losses` shows it: what was lost, how many, from when to when.
//
// Purpose    adds up the `loss` records of the log: those of one where, reason, device and metric that are less than an hour
//            apart are one entry. It follows from the records alone, so that folding the journal makes the same again.
// Thread     entries(): any thread. All else: one thread at a time.
// Limits     limits::loss_entries_max entries. Beyond: the oldest is added to one entry with where `log` and reason `older`,
//            which has id 0 and stays first: no count is ever lost. Texts are cut to loss_text_bytes_max.
// Errors     none: a loss record whose members can't be read counts as one loss without names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "base/limits.h"
#include "log/log.h"

namespace weir::gateway {

inline constexpr std::size_t loss_text_bytes_max = 256;

class LossTotals {
 public:
  explicit LossTotals(std::size_t entries_max = limits::loss_entries_max) : entries_max_(entries_max) {}

  /// As the database keeps it. Ids grow from 1; 0 is the sum of what is older.
  struct Row {
    std::uint64_t id = 0;
    LossEntry entry;
  };
  /// Replaces everything. Ascending by id.
  void load(std::vector<Row> rows);

  void apply(const Record& loss);

  /// Oldest first.
  std::vector<LossEntry> entries() const;

  /// What must be written for the database to be as this, if it was so at `revision`: rows to put in place, and the id
  /// below which there is none any more (but 0).
  struct Changes {
    std::vector<Row> rows;
    std::uint64_t oldest_id = 0;
  };
  std::uint64_t revision() const;  // grows with each apply(); 0 after load()
  Changes changes_since(std::uint64_t revision) const;

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::string>;  // where, reason, device, metric
  struct Stored {
    LossEntry entry;
    std::uint64_t revision = 0;
  };
  // Under mutex_.
  void add(LossEntry&& loss);
  void sum_up_oldest();

  const std::size_t entries_max_;
  mutable std::mutex mutex_;                // protects all below
  std::map<std::uint64_t, Stored> stored_;  // by id
  std::map<Key, std::uint64_t> newest_;     // the id that the next loss of this kind may be added to
  std::uint64_t next_id_ = 1;
  std::uint64_t revision_ = 0;
};

}  // namespace weir::gateway
