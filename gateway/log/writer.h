// Writer: what waits becomes numbered records in one entry of the journal, then a block.
//
// Purpose    one commit: deliveries, commands, events and consumer marks of all that has queued.
// Thread     the committing thread.
// Ownership  keeps references to journal, dictionary and state, which outlive it.
// Limits     series and units beyond their limits become losses of reason `full`.
// Errors     commit() fails whole: nothing of the batch is in the log, and memory is as before.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "log/boots.h"
#include "log/journal.h"
#include "log/loss_ledger.h"
#include "log/loss_totals.h"
#include "log/segment.h"
#include "log/state.h"

namespace weir::gateway {

class Writer {
 public:
  /// What a commit is made of and changes.
  struct Parts {
    Journal& journal;
    Dictionary& dictionary;
    State& state;
    LossTotals& losses;
    const Boots& boots;
  };
  Writer(Parts parts, const Clock& clock, std::uint64_t next_seq) : log_(parts), clock_(clock), next_seq_(next_seq) {}

  struct Outcome {
    BlockPtr block;                    // null where the batch made no record
    std::vector<Committed> committed;  // one for each append, in order
  };
  /// `synchronised`: the clock is set.
  Result<Outcome> commit(std::vector<Append*>& batch, bool synchronised);

  std::uint64_t next_seq() const { return next_seq_; }
  /// Losses that have waited for their second become records with the next commit.
  bool losses_due() const;
  std::optional<Monotonic> next_loss() const { return ledger_.next_due(); }

  std::uint64_t losses() const { return losses_; }          // since start
  std::uint64_t duplicates() const { return duplicates_; }  // node readings that were there before, since start

 private:
  // Building: fills block_ and the lists below. Nothing else changes before the entry is written.
  Committed add(Append& append);
  std::size_t add_readings(Delivery& delivery);
  void add_reading(Reading& reading, const std::string& reader);
  void add_loss(const Loss& loss, const std::string& reader);
  void set_device(const std::string& device, DeviceState state, const std::string& reader);
  void add_event(Kind kind, Event event);
  std::optional<Committed> repeated(const std::string& key) const;
  const Mark* mark(const std::string& device, std::uint32_t boot) const;

  void begin(bool synchronised);
  void collect_extras(const std::vector<Append*>& batch, const std::vector<Committed>& committed);
  Result<void> write();
  void apply();
  std::uint64_t last_seq() const { return next_seq_ + block_->records.size() - 1; }

  const Parts log_;
  const Clock& clock_;
  std::uint64_t next_seq_;
  LossLedger ledger_;
  std::uint64_t losses_ = 0, duplicates_ = 0;

  Timestamp now_;
  Monotonic at_;
  Commit commit_;
  Entry entry_;
  std::shared_ptr<Block> block_;
  std::vector<std::uint32_t> units_;                                    // of block_'s records
  std::map<std::pair<std::string, std::uint32_t>, Mark> marks_;         // that moved
  std::map<std::string, std::pair<DeviceState, std::string>> devices_;  // that changed: state and reader
  std::map<std::string, Committed> keys_;                               // idempotency keys of this batch
  SegmentEncoder encoder_;
  std::string payload_;
};

}  // namespace weir::gateway
