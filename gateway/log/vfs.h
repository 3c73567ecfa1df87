// Vfs: SQLite's way to the disk, with a checksum on each page and a count of what the flash is given.
//
// Purpose    a shim over another VFS: every page of the main database file ends with a checksum (8 reserved bytes) that is
//            verified whenever the page is read, so that a flipped bit is an error and never a wrong value; bytes that reach
//            the disk are counted as the disk counts them, in blocks of 4,096 bytes that were dirty when they were synced.
//            A file without reserved bytes is passed through unverified. The journal's files go the same way (File).
// Thread     registering: any thread, as often as wanted. The counters: any thread.
// Ownership  registered for the life of the process.
// Limits     pages of 4,096 bytes; other sizes are passed through unverified.
// Errors     a wrong checksum is SQLITE_IOERR_DATA, which Database reports as `invalid`.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace weir::gateway {

inline constexpr unsigned page_checksum_bytes = 8;

/// Since the start of the process, over all files of one shim.
struct DiskCounters {
  std::atomic<std::uint64_t> written_bytes = 0;  // dirty blocks of 4,096 at each sync or close; of files never synced as well
  std::atomic<std::uint64_t> syncs = 0;
};

/// The shim over the VFS named `below` (empty: SQLite's default). Returns its name for sqlite3_open_v2, "weir" or "weir-BELOW".
std::string register_vfs(const std::string& below = {});
const DiskCounters& disk_counters(const std::string& vfs);

}  // namespace weir::gateway
