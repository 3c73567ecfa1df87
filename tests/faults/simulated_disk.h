// SimulatedDisk: a SQLite VFS over the real files of one folder that remembers what was done, and fails when told.
//
// Purpose    the ground under the proofs: the trace from which power cuts are made (disk_image.h), I/O errors or kill -9 at the
//            Nth operation, a file system of a given size.
// Thread     any.
// Ownership  registered for the life of the process, as the shims over it are: one disk serves many folders, in turn.
// Limits     one folder at a time; shared memory and locks go straight to the VFS below and are never traced.
// Errors     those that it is told to make.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "faults/trace.h"

namespace weir::faults {

enum class Cause : std::uint8_t { eio, enospc, erofs, kill };  // kill: the process, before it does anything

struct Fault {
  Operation operation;
  std::uint64_t nth = 1;  // counted from arm()
  bool for_good = false;  // and all that follow
  Cause cause = Cause::eio;
};

class SimulatedDisk {
 public:
  explicit SimulatedDisk(const std::string& vfs_name);
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;

  const std::string& vfs() const { return name_; }

  /// Begins anew in this folder: no trace, no fault, no limit. All files of the folder before must be closed.
  void reset(const std::filesystem::path& folder, bool tracing = false);

  void mark(std::uint64_t number);  // a step in the trace, for whoever reads it
  std::size_t steps() const;
  Trace take_trace();

  void arm(Fault fault);
  void disarm();
  bool struck() const;                             // whether a fault has happened since arm()
  std::uint64_t count(Operation operation) const;  // since reset()

  /// The bytes of all files together; 0: no limit.
  void set_capacity(std::uint64_t bytes);

  sqlite3_vfs* below() const { return below_; }

 private:
  friend struct SimulatedFile;
  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags);
  static int remove(sqlite3_vfs* vfs, const char* name, int sync_folder);

  std::uint32_t file_id(const std::string& path);
  void note(Step step);
  std::optional<Cause> due(Operation operation);
  bool has_room(std::uint64_t more) const;

  const std::string name_;
  sqlite3_vfs vfs_{};
  sqlite3_vfs* below_;
  mutable std::mutex mutex_;  // protects all below
  std::filesystem::path folder_;
  bool tracing_ = false;
  Trace trace_;
  std::map<std::string, std::uint32_t> ids_;
  std::optional<Fault> fault_;
  std::array<std::uint64_t, 8> counts_{};  // by operation
  std::uint64_t counted_ = 0;              // towards the fault
  bool struck_ = false;
  std::uint64_t capacity_ = 0;
};

}  // namespace weir::faults
