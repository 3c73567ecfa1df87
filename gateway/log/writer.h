// Writer: what waits becomes numbered records in one transaction, then a block.
//
// Purpose    one commit: deliveries, commands, events and consumer marks of all that has queued.
// Thread     the committing thread.
// Ownership  keeps a reference to the store, which outlives it.
// Limits     series and units beyond their limits become losses of reason `full`.
// Errors     commit() fails whole: nothing of the batch is in the log, and memory is as before.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "log/loss_ledger.h"
#include "log/store.h"

namespace weir::gateway {

class Writer {
 public:
  Writer(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  struct Outcome {
    BlockPtr block;                    // null where the batch made no record
    std::vector<Committed> committed;  // one for each append, in order
  };
  Result<Outcome> commit(std::vector<Append*>& batch);

  /// Losses that have waited for their second become records with the next commit.
  bool losses_due() const;
  std::optional<Monotonic> next_loss() const { return ledger_.next_due(); }

  std::uint64_t losses() const { return losses_; }          // since start
  std::uint64_t duplicates() const { return duplicates_; }  // node readings that were there before, since start

 private:
  // Building: fills block_ and the lists below.
  Committed add(Append& append);
  std::size_t add_readings(Delivery& delivery);
  void add_reading(Reading& reading, const std::string& reader);
  void add_loss(const Loss& loss, const std::string& reader);
  void add_device_change(const DeviceChange& change, const std::string& reader);
  void set_device(const std::string& device, DeviceState state, const std::string& reader);
  void add_event(Kind kind, Event event);
  Result<std::optional<Committed>> repeated(const std::string& key);

  // Writing, inside the transaction.
  Result<void> write(const std::vector<Append*>& batch, const std::vector<Committed>& committed);
  Result<void> write_tables(const Append& append, const Committed& committed);
  std::uint64_t last_seq() const { return store_.next_seq() + block_->records.size() - 1; }

  Store& store_;
  const Clock& clock_;
  LossLedger ledger_;
  std::uint64_t losses_ = 0, duplicates_ = 0;

  Timestamp now_;
  Monotonic at_;
  std::shared_ptr<Block> block_;
  std::vector<std::uint32_t> units_;                       // of block_'s records
  std::set<std::pair<std::string, std::uint32_t>> marks_;  // (device, boot) that moved
  std::map<std::string, Committed> keys_;                  // idempotency keys of this batch
  std::string body_;
};

}  // namespace weir::gateway
