// PowerCut: what is on a disk when the power goes at some step of a trace.
//
// Purpose    of all that was written and not yet synced each sector is, by a seed, as it was, as one of the writes since
//            left it, or torn in the middle of one; a file's size is one of those that it had. A file that was made and
//            never synced may be missing, one that was removed may be back. What was synced is there.
//            Bytes of a sector that nobody wrote stay as they are, torn or not: powersafe overwrite, which SQLite assumes
//            of every disk too (https://sqlite.org/psow.html).
// Thread     one at a time.
// Ownership  the trace outlives it.
// Limits     memory: the files as they were synced.
// Errors     none.
#pragma once

#include <cstdint>
#include <vector>

#include "faults/image.h"
#include "faults/random.h"
#include "faults/trace.h"

namespace weir::faults {

class PowerCut {
 public:
  /// `before` is what the folder had, all of it synced, when the trace began.
  PowerCut(const Trace& trace, Image before, std::uint64_t sector_bytes = 512);

  /// Time goes on until `step` steps are done; never back.
  void advance_to(std::size_t step);
  std::size_t step() const { return step_; }

  /// The files after a cut just now. Without a random choice: all that was not synced is lost.
  Image cut(Random& random) const;
  Image all_lost() const;
  /// No cut at all: what a process that is killed leaves.
  Image all_kept() const;

 private:
  struct File {
    bool exists = false;         // now
    bool exists_synced = false;  // after a cut, for sure
    SparseBytes synced;
    std::vector<std::size_t> pending;  // steps of writes and truncations that are not synced
  };
  struct Fate;
  void apply(const Step& step);
  void sync_folder();
  SparseBytes after_cut(const File& file, const Fate& fate, Random& random) const;
  void keep_sectors(SparseBytes& bytes, const File& file, const Fate& fate, Random& random) const;
  std::uint64_t size_after(const File& file, std::size_t writes) const;

  const Trace& trace_;
  const std::uint64_t sector_bytes_;
  std::size_t step_ = 0;
  std::vector<File> files_;  // as trace_.files
  Image untouched_;          // files that the trace doesn't know
};

}  // namespace weir::faults
