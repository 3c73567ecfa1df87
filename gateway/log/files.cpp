#include "log/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace weir::gateway {

namespace {

Error failure(const std::filesystem::path& path, const std::error_code& error) {
  const bool full = error == std::errc::no_space_on_device;
  return {full ? ErrorCode::full : ErrorCode::io, path.string() + ": " + error.message()};
}

Result<void> sync(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const std::error_code error(errno, std::generic_category());
  if (fd >= 0) ::close(fd);
  if (!synced) return failure(path, error);
  return {};
}

}  // namespace

Result<void> move_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (auto synced = sync(from); !synced) return synced;
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error) return failure(to, error);
  return sync(std::filesystem::absolute(to).parent_path());
}

Result<void> copy_whole(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing, error);
  if (error) return failure(to, error);
  return {};
}

}  // namespace weir::gateway
