#include "log/vfs_file.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "log/checksum.h"
#include "log/vfs_forward.h"

namespace weir::gateway {

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t header_bytes = 100;  // of the file, at the beginning of page 1
using Page = std::array<char, page_bytes>;

VfsFile* mine(sqlite3_file* file) { return reinterpret_cast<VfsFile*>(file); }

// A page ends with its number and a CRC-32C of all before: one that is whole, but lies in the wrong place, is damaged too.

void put_little_endian(char* out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i, value >>= 8U) out[i] = static_cast<char>(value);
}

void seal(char* page, std::uint64_t offset) {
  put_little_endian(page + page_bytes - 8, static_cast<std::uint32_t>(offset / page_bytes + 1));
  put_little_endian(page + page_bytes - 4, crc32c({page, page_bytes - 4}));
}

bool all_zero(const char* page) { return page[0] == 0 && std::memcmp(page, page + 1, page_bytes - 1) == 0; }

/// Pages that were never written are zeros.
bool intact(const char* page, std::uint64_t offset) {
  std::array<char, 4> number{}, checksum{};
  put_little_endian(number.data(), static_cast<std::uint32_t>(offset / page_bytes + 1));
  put_little_endian(checksum.data(), crc32c({page, page_bytes - 4}));
  const auto sealed =
      std::memcmp(page + page_bytes - 8, number.data(), 4) == 0 && std::memcmp(page + page_bytes - 4, checksum.data(), 4) == 0;
  return sealed || all_zero(page);
}

// The database header (https://sqlite.org/fileformat.html, 1.3): page size at 16, reserved bytes at 20.
constexpr std::string_view magic("SQLite format 3\0", 16);

bool header_has_checksums(const char* header) {
  return std::memcmp(header, magic.data(), magic.size()) == 0 && header[16] == page_bytes >> 8U && header[17] == 0 &&
         header[20] == page_checksum_bytes;
}

/// A header whose damage hides that there are checksums must not turn them off.
bool first_page_has_checksums(Page& page) {
  if (header_has_checksums(page.data())) return true;
  std::memcpy(page.data(), magic.data(), magic.size());
  page[16] = page_bytes >> 8U;
  page[17] = 0;
  page[20] = page_checksum_bytes;
  return intact(page.data(), 0);
}

bool detect_checksums(sqlite3_file* below) {
  Page page{};
  return below->pMethods->xRead(below, page.data(), page_bytes, 0) == SQLITE_OK && first_page_has_checksums(page);
}

int verify_page_below(sqlite3_file* below, std::uint64_t offset) {
  Page page;
  const int code = below->pMethods->xRead(below, page.data(), page_bytes, static_cast<sqlite3_int64>(offset));
  if (code != SQLITE_OK) return code == SQLITE_IOERR_SHORT_READ ? SQLITE_IOERR_DATA : code;
  return intact(page.data(), offset) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

/// Every page that [offset, offset + size) touches, those that were read in part included.
int verify(VfsFile* file, const char* bytes, std::uint64_t size, std::uint64_t offset) {
  if (offset + size <= header_bytes) return SQLITE_OK;  // asked for before anything is known about the file
  for (auto page = offset / page_bytes * page_bytes; page < offset + size; page += page_bytes) {
    const auto whole = page >= offset && page + page_bytes <= offset + size;
    if (whole && !intact(bytes + (page - offset), page)) return SQLITE_IOERR_DATA;
    if (whole) continue;
    if (const int code = verify_page_below(file->below(), page); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int close(sqlite3_file* file) {
  auto* self = mine(file);
  self->shim->counters.written_bytes += self->dirty->take_bytes();
  delete self->dirty;
  return self->below()->pMethods->xClose(self->below());
}

int read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  auto* self = mine(file);
  const int code = self->below()->pMethods->xRead(self->below(), out, size, offset);
  if (code != SQLITE_OK || !self->checksums) return code;
  return verify(self, static_cast<const char*>(out), static_cast<std::uint64_t>(size), static_cast<std::uint64_t>(offset));
}

int write_below(VfsFile* self, const void* bytes, int size, sqlite3_int64 offset) {
  const int code = self->below()->pMethods->xWrite(self->below(), bytes, size, offset);
  if (code == SQLITE_OK) self->dirty->add(static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(size));
  return code;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  auto* self = mine(file);
  const auto whole_page = size == page_bytes && offset % static_cast<sqlite3_int64>(page_bytes) == 0;
  if (self->database && offset == 0 && size >= static_cast<int>(header_bytes))
    self->checksums = header_has_checksums(static_cast<const char*>(bytes));
  if (!self->checksums || !whole_page) return write_below(self, bytes, size, offset);
  Page page;
  std::memcpy(page.data(), bytes, page_bytes);
  seal(page.data(), static_cast<std::uint64_t>(offset));
  return write_below(self, page.data(), size, offset);
}

int sync(sqlite3_file* file, int flags) {
  auto* self = mine(file);
  self->shim->counters.written_bytes += self->dirty->take_bytes();
  ++self->shim->counters.syncs;
  return self->below()->pMethods->xSync(self->below(), flags);
}

constexpr sqlite3_io_methods methods_of(int version) {
  auto methods = forwarded_methods<VfsFile>(version);
  methods.xClose = close;
  methods.xRead = read;
  methods.xWrite = write;
  methods.xSync = sync;
  return methods;
}

constexpr sqlite3_io_methods without_shared_memory = methods_of(1), with_shared_memory = methods_of(2);

}  // namespace

void DirtyBlocks::add(std::uint64_t offset, std::uint64_t size) {
  if (size == 0) return;
  const std::lock_guard lock(mutex_);
  const auto first = offset / disk_block_bytes, last = (offset + size - 1) / disk_block_bytes;
  if (dirty_.size() <= last) dirty_.resize(std::max(last + 1, dirty_.size() * 2));
  for (auto block = first; block <= last; ++block) {
    if (!dirty_[block]) ++count_;
    dirty_[block] = true;
  }
}

std::uint64_t DirtyBlocks::take_bytes() {
  const std::lock_guard lock(mutex_);
  const auto bytes = count_ * disk_block_bytes;
  if (count_ > 0) std::fill(dirty_.begin(), dirty_.end(), false);
  count_ = 0;
  return bytes;
}

int VfsFile::open(Shim* shim, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* self = mine(file);
  self->base.pMethods = nullptr;
  self->below()->pMethods = nullptr;
  const int code = shim->below->xOpen(shim->below, name, self->below(), flags, out_flags);
  const auto* below = self->below()->pMethods;
  if (code != SQLITE_OK) {
    if (below != nullptr) below->xClose(self->below());
    return code;
  }
  self->shim = shim;
  self->dirty = new DirtyBlocks;
  self->database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  self->checksums = self->database && detect_checksums(self->below());
  self->base.pMethods = below->iVersion >= 2 ? &with_shared_memory : &without_shared_memory;
  return SQLITE_OK;
}

}  // namespace weir::gateway
