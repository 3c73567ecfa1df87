#include "access/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::gateway {

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Error system_error(const std::filesystem::path& path, const char* what) {
  return {errno == ENOSPC ? ErrorCode::full : ErrorCode::io,
          path.string() + ": can't " + what + " (" + std::strerror(errno) + ")"};
}

void give_to_owner_of(const std::filesystem::path& folder, int fd) {
  struct stat status {};
  if (::geteuid() != 0 || ::stat(folder.c_str(), &status) != 0 || status.st_uid == 0) return;
  [[maybe_unused]] const int done = ::fchown(fd, status.st_uid, status.st_gid);
}

Result<Descriptor> open_private(const std::filesystem::path& path, int flags) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return system_error(path, "open");
  if ((flags & O_CREAT) != 0) give_to_owner_of(path.parent_path(), file.get());
  return file;
}

Result<void> write_all(const std::filesystem::path& path, int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(path, "write");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fdatasync(fd) != 0) return system_error(path, "sync");
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const Descriptor open(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!open.is_open() || ::fsync(open.get()) != 0) return system_error(folder, "sync");
  return {};
}

Result<void> replace_private(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path fresh = path.string() + ".new";
  auto file = open_private(fresh, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return file.error();
  if (auto written = write_all(fresh, file->get(), text); !written) return written;
  if (::rename(fresh.c_str(), path.c_str()) != 0) return system_error(path, "replace");
  return {};
}

Result<std::string> read_file(const std::filesystem::path& path) {
  auto file = open_private(path, O_RDONLY);
  if (!file) return file.error();
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t size = ::read(file->get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return system_error(path, "read");
    if (size == 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
  }
}

}  // namespace weir::gateway
