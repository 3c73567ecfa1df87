// Private files: of the daemon's user only (mode 0600), written so that a power cut leaves the old or the new one.
//
// Purpose    what access.json and the audit need of open(2), write(2), rename(2) and fsync(2).
// Thread     plain functions.
// Ownership  descriptors close themselves.
// Limits     those of the caller.
// Errors     `io`, with the path and the system's words.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace weir::gateway {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

Error system_error(const std::filesystem::path& path, const char* what);

/// What root makes in a folder belongs to the folder's owner: the daemon must read it.
void give_to_owner_of(const std::filesystem::path& folder, int fd);

Result<Descriptor> open_private(const std::filesystem::path& path, int flags);
Result<void> write_all(const std::filesystem::path& path, int fd, std::string_view text);
Result<void> sync_folder(const std::filesystem::path& folder);
Result<void> replace_private(const std::filesystem::path& path, std::string_view text);
Result<std::string> read_file(const std::filesystem::path& path);

}  // namespace weir::gateway
