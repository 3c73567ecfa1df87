#include "log/file.h"

#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace weir::gateway {

struct File::Impl {
  explicit Impl(std::string path, int file_bytes) : name(std::move(path)), memory(static_cast<std::size_t>(file_bytes)) {}
  ~Impl() {
    if (file()->pMethods != nullptr) file()->pMethods->xClose(file());
  }

  sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(memory.data()); }
  const sqlite3_io_methods& methods() { return *file()->pMethods; }

  std::string name;          // the VFS keeps a pointer to it
  std::vector<char> memory;  // operator new aligns it for anything
};

namespace {

/// The kind of file that SQLite never derives another name from, and whose folder is synced together with a new one.
constexpr int open_flags = SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

Error failure(const std::string& path, std::string_view what, int code) {
  const auto full = (code & 0xFF) == SQLITE_FULL;
  return {full ? ErrorCode::full : ErrorCode::io, path + ": " + std::string(what) +
                                                      " failed: " + (full ? "the file system is full" : sqlite3_errstr(code)) +
                                                      " (SQLite " + std::to_string(code) + ")"};
}

}  // namespace

Result<File> File::open(const std::filesystem::path& path, const std::string& vfs) {
  auto* layer = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
  if (layer == nullptr) return Error{ErrorCode::invalid, path.string() + ": there is no SQLite VFS \"" + vfs + "\""};
  auto impl = std::make_unique<Impl>(path.string(), layer->szOsFile);
  int given = 0;
  const int code = layer->xOpen(layer, impl->name.c_str(), impl->file(), open_flags, &given);
  if (code != SQLITE_OK) return failure(impl->name, "opening", code);
  if ((given & SQLITE_OPEN_READONLY) != 0) return failure(impl->name, "opening for writing", SQLITE_READONLY);
  return File(std::move(impl));
}

File::File(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;

Result<void> File::write(std::uint64_t offset, std::string_view bytes) {
  // SQLite's unix VFS masks the size of a write to 128 KiB less one, and takes a whole multiple of it for a full disk.
  constexpr std::size_t step = 1U << 16U;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size())), offset += step) {
    const auto size = static_cast<int>(std::min(step, bytes.size()));
    const int code = impl_->methods().xWrite(impl_->file(), bytes.data(), size, static_cast<sqlite3_int64>(offset));
    if (code != SQLITE_OK) return failure(impl_->name, "writing", code);
  }
  return {};
}

// One handle for all threads: SQLite's unix VFS reads and writes by pread and pwrite and keeps no position.
Result<std::string> File::read(std::uint64_t offset, std::size_t bytes) const {
  const auto end = size();
  if (!end) return end.error();
  const auto there = std::min<std::uint64_t>(bytes, *end > offset ? *end - offset : 0);
  std::string out(std::min<std::uint64_t>(there, std::numeric_limits<int>::max()), '\0');
  if (out.empty()) return out;
  const int code =
      impl_->methods().xRead(impl_->file(), out.data(), static_cast<int>(out.size()), static_cast<sqlite3_int64>(offset));
  if (code != SQLITE_OK) return failure(impl_->name, "reading", code);
  return out;
}

Result<void> File::sync() {
  const int code = impl_->methods().xSync(impl_->file(), SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
  if (code != SQLITE_OK) return failure(impl_->name, "syncing", code);
  return {};
}

Result<std::uint64_t> File::size() const {
  sqlite3_int64 bytes = 0;
  const int code = impl_->methods().xFileSize(impl_->file(), &bytes);
  if (code != SQLITE_OK) return failure(impl_->name, "asking for the size", code);
  return static_cast<std::uint64_t>(bytes);
}

Result<void> File::truncate(std::uint64_t size) {
  const int code = impl_->methods().xTruncate(impl_->file(), static_cast<sqlite3_int64>(size));
  if (code != SQLITE_OK) return failure(impl_->name, "truncating", code);
  return {};
}

}  // namespace weir::gateway
