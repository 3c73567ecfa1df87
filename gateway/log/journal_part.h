// JournalPart: one use of one journal file: a header and the entries of consecutive commits. docs/storage.md.
//
// Purpose    entries by number: the committer appends, the fold and cold reads follow.
// Thread     append(), pad() and seal(): the committing thread. sync() and all that is const: any thread.
// Ownership  shared by the journal and whoever reads it. The file may be taken for a later part as soon as this one is
//            folded: then reading finds nothing that is its own, says so, and the reader asks the database instead.
// Limits     an entry of up to entry_bytes_max; a part is full when its capacity is reached and may pass it by one entry.
// Errors     of File; a damaged entry is told apart from the end by what lies behind it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "log/file.h"

namespace weir::gateway {

inline constexpr std::uint64_t journal_sector_bytes = 512;
inline constexpr std::uint64_t entry_bytes_max = std::uint64_t{1} << 30U;

class JournalPart {
 public:
  /// What the header says.
  struct Name {
    std::uint32_t epoch = 0;
    std::uint64_t number = 0;  // of the part, from 1; a file is used again and again
    std::uint64_t first_seq = 0;
  };

  /// Begins a part in `file`, over what was there.
  static Result<std::shared_ptr<JournalPart>> begin(std::shared_ptr<File> file, Name name, unsigned slot, Timestamp now);
  /// The part that is in `file`, sealed; null where there is none, or not of this epoch. Finds its end and what is damaged.
  static Result<std::shared_ptr<JournalPart>> recover(std::shared_ptr<File> file, std::uint32_t epoch, unsigned slot);

  const Name& name() const { return name_; }
  unsigned slot() const { return slot_; }
  Timestamp begun() const { return begun_; }
  std::uint64_t bytes() const { return end_.load(std::memory_order_acquire); }
  std::uint64_t last_seq() const { return last_seq_.load(std::memory_order_acquire); }  // first_seq - 1: no records yet
  std::uint64_t damaged_records() const { return damaged_records_; }                    // found by recover()

  /// `payload` is an entry with `records` records from last_seq() + 1 on.
  Result<void> append(std::string_view payload, std::uint64_t records);
  /// The next entry begins in a sector of its own: what is synced is never written again.
  void pad();
  /// What was there at the last pad() is durable then, and the entries that follow say so.
  Result<void> sync();
  /// Makes what recover() took for lost in a power cut disappear from the file, so that it never comes back.
  Result<void> cut_torn();
  bool torn() const { return torn_; }
  std::uint64_t seen_seq() const { return std::max(seen_seq_, last_seq()); }  // with what was torn: never given again

  /// A place to read from: before the entry that has `seq` or the next one.
  struct Place {
    std::uint64_t offset;
  };
  Place begin_place() const { return {journal_sector_bytes}; }
  Place place_of(std::uint64_t seq) const;

 private:
  friend class JournalReader;
  struct Indexed {
    std::uint64_t seq, offset;
  };
  JournalPart(std::shared_ptr<File> file, Name name, unsigned slot, Timestamp begun);
  struct Tear {
    std::uint64_t end, missing_end, last_seq, damaged_records;
  };
  Result<void> find_end(const std::shared_ptr<const JournalPart>& self);
  void end_at(const Tear& tear);
  void index(std::uint64_t first_seq, std::uint64_t offset);

  const std::shared_ptr<File> file_;
  const Name name_;
  const unsigned slot_;
  const Timestamp begun_;
  const std::uint32_t seed_;
  std::atomic<std::uint64_t> end_, last_seq_;
  std::uint64_t next_ = 0;                              // where the next entry goes: end_, or the sector behind it
  std::atomic<std::uint64_t> padded_ = 0, synced_ = 0;  // up to where the next sync covers, the last one did
  bool torn_ = false;
  std::uint64_t seen_seq_ = 0;
  std::uint64_t damaged_records_ = 0;
  std::string frame_;           // scratch
  mutable std::mutex mutex_;    // protects the index
  std::vector<Indexed> index_;  // every index_step bytes
};

using JournalPartPtr = std::shared_ptr<JournalPart>;

/// Reads a part's payloads in order.
class JournalReader {
 public:
  JournalReader(std::shared_ptr<const JournalPart> part, JournalPart::Place place)
      : part_(std::move(part)), offset_(place.offset), end_(part_->bytes()) {}

  /// The next payload, valid until the next call; empty at the end. `not_found`: the file is another part's by now.
  /// Damaged entries are passed over: the numbers of the next one show what is missing.
  Result<std::string_view> next();
  std::uint64_t offset() const { return offset_; }  // behind the payload that next() gave

  /// What the entry that next() gave says of those before it.
  struct Before {
    std::uint64_t end = 0;     // where the last one ended
    std::uint64_t synced = 0;  // up to where all was synced when it was written
  };
  const Before& before() const { return before_; }

 private:
  friend class JournalPart;
  JournalReader(std::shared_ptr<const JournalPart> part, std::uint64_t offset, std::uint64_t end)
      : part_(std::move(part)), offset_(offset), end_(end) {}
  Result<std::string_view> search(std::uint64_t from);
  Result<bool> have(std::size_t size);
  Result<std::string_view> frame_at_offset();

  std::shared_ptr<const JournalPart> part_;
  std::uint64_t offset_, end_;
  Before before_;
  std::string buffer_;  // of the file, from buffer_offset_
  std::uint64_t buffer_offset_ = 0;
};

}  // namespace weir::gateway
