#include "faults/simulated_file.h"

#include <utility>

#include "log/vfs_forward.h"

namespace weir::faults {

namespace {

SimulatedFile* mine(sqlite3_file* file) { return reinterpret_cast<SimulatedFile*>(file); }

constexpr sqlite3_io_methods methods_of(int version) {
  auto methods = gateway::forwarded_methods<SimulatedFile>(version);
  methods.xRead = [](sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
    return mine(file)->read(out, size, offset);
  };
  methods.xWrite = [](sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    return mine(file)->write(bytes, size, offset);
  };
  methods.xTruncate = [](sqlite3_file* file, sqlite3_int64 size) { return mine(file)->truncate(size); };
  methods.xSync = [](sqlite3_file* file, int flags) { return mine(file)->sync(flags); };
  return methods;
}

constexpr sqlite3_io_methods without_shared_memory = methods_of(1), with_shared_memory = methods_of(2);

}  // namespace

/// A file system that is read-only gives a file that is there, but not for writing.
int SimulatedFile::open(SimulatedDisk& disk, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* self = mine(file);
  self->base.pMethods = nullptr;
  const auto cause = disk.due(Operation::open);
  if (cause && *cause != Cause::erofs) return SQLITE_CANTOPEN;
  const int writing = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int allowed = cause ? (flags & ~writing) | SQLITE_OPEN_READONLY : flags;
  int exists = 0;
  if (name != nullptr) disk.below_->xAccess(disk.below_, name, SQLITE_ACCESS_EXISTS, &exists);
  const int code = disk.below_->xOpen(disk.below_, name, self->below(), allowed, out_flags);
  if (code != SQLITE_OK) return code;
  self->disk = &disk;
  self->tracked = name != nullptr;
  // SQLite's unix VFS syncs the folder together with a new journal or WAL.
  constexpr int journals = SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
  self->sync_folder = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & journals) != 0;
  self->id = self->tracked ? disk.file_id(name) : 0;
  self->base.pMethods = self->below()->pMethods->iVersion >= 2 ? &with_shared_memory : &without_shared_memory;
  if (self->tracked && exists == 0) disk.note({.operation = Operation::open, .file = self->id});
  return SQLITE_OK;
}

int SimulatedFile::read(void* out, int size, sqlite3_int64 offset) {
  if (tracked && disk->due(Operation::read)) return SQLITE_IOERR_READ;
  return below()->pMethods->xRead(below(), out, size, offset);
}

std::uint64_t SimulatedFile::growth(sqlite3_int64 end) {
  sqlite3_int64 now = 0;
  below()->pMethods->xFileSize(below(), &now);
  return end > now ? static_cast<std::uint64_t>(end - now) : 0;
}

/// What fails has written its first half, as a real write may have.
int SimulatedFile::write(const void* bytes, int size, sqlite3_int64 offset) {
  const auto cause = tracked ? disk->due(Operation::write) : std::nullopt;
  const bool room = cause || disk->has_room(growth(offset + size));
  const int written = cause ? size / 2 : size;
  if (!room) return SQLITE_FULL;
  const int code = written > 0 ? below()->pMethods->xWrite(below(), bytes, written, offset) : SQLITE_OK;
  if (code != SQLITE_OK) return code;
  if (tracked) {
    disk->note({.operation = Operation::write,
                .file = id,
                .offset = static_cast<std::uint64_t>(offset),
                .bytes = std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(written))});
  }
  if (cause) return *cause == Cause::enospc ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  return SQLITE_OK;
}

int SimulatedFile::truncate(sqlite3_int64 size) {
  if (tracked && disk->due(Operation::truncate)) return SQLITE_IOERR_TRUNCATE;
  const int code = below()->pMethods->xTruncate(below(), size);
  if (code == SQLITE_OK && tracked)
    disk->note({.operation = Operation::truncate, .file = id, .offset = static_cast<std::uint64_t>(size)});
  return code;
}

int SimulatedFile::sync(int flags) {
  if (tracked && disk->due(Operation::sync)) return SQLITE_IOERR_FSYNC;
  const auto before = disk->steps();
  const int code = below()->pMethods->xSync(below(), flags);
  if (code == SQLITE_OK && tracked)
    disk->note({.operation = Operation::sync, .file = id, .offset = before, .folder = std::exchange(sync_folder, false)});
  return code;
}

}  // namespace weir::faults
