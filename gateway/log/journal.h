// Journal: what is committed and not yet folded: a few preallocated files beside the database, used in turn.
//
// Purpose    a commit is one write into a file that is there already: no metadata to write with it, no page written twice.
// Thread     append(), roll(), pad(), take_unsynced(): the committing thread. All else: any thread.
// Ownership  owns the files; parts are shared with whoever reads them.
// Limits     journal_slots files of `capacity` bytes, of which one is appended to. When all others wait for the fold,
//            roll() fails with `full`, and appends are refused until one is folded.
// Errors     of File.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/journal_part.h"

namespace weir::gateway {

inline constexpr unsigned journal_slots = 4;

/// "weir.db-journal-0" beside "weir.db".
std::filesystem::path journal_file(const std::filesystem::path& database, unsigned slot);

class Journal {
 public:
  struct Options {
    std::filesystem::path database;
    std::string vfs;
    std::uint32_t epoch = 0;
    std::uint64_t folded = 0;    // the number of the newest part that is in the database
    std::uint64_t capacity = 0;  // bytes of a file
  };
  /// Finds the parts that are not folded; none is appended to before the first roll().
  static Result<std::unique_ptr<Journal>> open(Options options);

  /// Not folded, oldest first; the last may be the one that is appended to.
  std::vector<JournalPartPtr> parts() const;
  /// The oldest that is not appended to any more; null: none.
  JournalPartPtr oldest_sealed() const;
  bool slot_free();

  /// Waits for a file that is not in use.
  bool wait_for_slot(std::chrono::milliseconds at_most);
  /// At the start: only the newest part can have been torn by a power cut.
  Result<void> cut_torn();

  /// Seals the part that was appended to, syncs it, and begins one whose records begin at `first_seq`.
  Result<void> roll(std::uint64_t first_seq, Timestamp now);
  void seal();
  bool full() const { return active_ && active_->bytes() >= options_.capacity; }
  const JournalPart* active() const { return active_.get(); }  // the committing thread's
  Result<void> append(std::string_view payload, std::uint64_t records);
  /// What must be synced so that all is durable that was appended by now.
  std::vector<JournalPartPtr> take_unsynced();

  /// The part is in the database now, durable: its file may be used again.
  void release(const JournalPartPtr& part);
  /// Fills one free file to its capacity, if there is one that is not: roll() takes no other.
  Result<void> preallocate();
  std::uint64_t bytes_on_disk() const;

 private:
  explicit Journal(Options options) : options_(std::move(options)), next_number_(options_.folded + 1) {}
  Result<std::shared_ptr<File>> open_slot(unsigned slot);
  Result<void> fill(File& file) const;

  const Options options_;
  std::uint64_t next_number_;
  JournalPartPtr active_;                 // the committing thread's
  std::vector<JournalPartPtr> unsynced_;  // the committing thread's

  mutable std::mutex mutex_;  // protects all below
  std::condition_variable released_;
  struct Slot {
    std::shared_ptr<File> file;  // null: not made yet
    bool used = false;
    bool preallocated = false;
  };
  Slot* find_free();

  std::array<Slot, journal_slots> slots_;
  std::vector<JournalPartPtr> parts_;
  JournalPartPtr appended_to_;  // active_, for the others
};

}  // namespace weir::gateway
