// SimulatedFile: one open file of a SimulatedDisk.
//
// Purpose    SQLite's file methods: asks its disk whether to fail, does it on the real file, and notes it.
// Thread     that of the file's owner.
// Ownership  lies in memory that SQLite (or File) allocated, the file of the VFS below right behind it.
// Limits     none.
// Errors     SQLite's codes.
#pragma once

#include <sqlite3.h>

#include "faults/simulated_disk.h"

namespace weir::faults {

struct SimulatedFile {
  sqlite3_file base;
  SimulatedDisk* disk;
  std::uint32_t id;
  bool tracked;      // temporary files without a name are not
  bool sync_folder;  // with the first sync

  sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }

  static int open(SimulatedDisk& disk, const char* name, sqlite3_file* file, int flags, int* out_flags);
  int read(void* out, int size, sqlite3_int64 offset);
  int write(const void* bytes, int size, sqlite3_int64 offset);
  int truncate(sqlite3_int64 size);
  int sync(int flags);

 private:
  std::uint64_t growth(sqlite3_int64 end);
};

}  // namespace weir::faults
