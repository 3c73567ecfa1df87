// VfsFile: one open file of the shim. vfs.h is the way in.
//
// Purpose    what SQLite reads, writes and syncs passes here: page checksums of a main database, dirty blocks of every file.
// Thread     that of the file's owner; reading touches nothing that writing changes, except in a main database.
// Ownership  lies in memory that SQLite (or File) allocated, the file of the VFS below right behind it.
// Limits     a bit for each 4,096 bytes of the file.
// Errors     SQLite's codes.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "log/vfs.h"

namespace weir::gateway {

inline constexpr std::uint64_t disk_block_bytes = 4096;

struct Shim {
  sqlite3_vfs vfs{};
  sqlite3_vfs* below = nullptr;
  std::string name;
  DiskCounters counters;
};

/// The blocks of one file that the disk has yet to be given. A file may be synced by one thread while another one writes.
class DirtyBlocks {
 public:
  void add(std::uint64_t offset, std::uint64_t size);
  std::uint64_t take_bytes();  // how many bytes they are; afterwards there are none

 private:
  std::mutex mutex_;  // protects all below
  std::vector<bool> dirty_;
  std::uint64_t count_ = 0;
};

struct VfsFile {
  sqlite3_file base;
  Shim* shim;
  DirtyBlocks* dirty;
  bool database;   // a main database
  bool checksums;  // of which every page has one

  sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }

  /// SQLite's xOpen: `file` points to shim->vfs.szOsFile bytes.
  static int open(Shim* shim, const char* name, sqlite3_file* file, int flags, int* out_flags);
};

}  // namespace weir::gateway
