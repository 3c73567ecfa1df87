// File: one file of bytes beside the database, by the same way to the disk.
//
// Purpose    what the journal is written with; it goes through the VFS, so that power cuts and I/O errors can be simulated for
//            it as for SQLite, and so that its bytes are counted.
// Thread     read() and sync() from any thread, also while another one writes elsewhere in the file; all else: one thread at a
//            time.
// Ownership  owns the open file.
// Limits     none of its own.
// Errors     `full` where the file system has no room, `io` for everything else. After a failed write or sync the state on
//            the disk is in doubt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3_file;

namespace weir::gateway {

class File {
 public:
  /// Opens it for reading and writing, made if it is not there.
  static Result<File> open(const std::filesystem::path& path, const std::string& vfs);
  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  Result<void> write(std::uint64_t offset, std::string_view bytes);
  /// What is there of `size` bytes from `offset`: fewer at the end of the file.
  Result<std::string> read(std::uint64_t offset, std::size_t size) const;
  Result<void> sync();  // fdatasync
  Result<std::uint64_t> size() const;
  Result<void> truncate(std::uint64_t size);

 private:
  struct Impl;
  explicit File(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::gateway
