#include "log/log_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace weir::gateway {

Result<LogLock> LogLock::take(const std::filesystem::path& log) {
  const auto path = log.string() + ".lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Error{ErrorCode::io, path + ": cannot be made; data_dir must exist and be writable by this user"};
  LogLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  return Error{ErrorCode::conflict,
               log.string() + ": another weir has this log open; stop it, or give this one its own data_dir"};
}

LogLock::~LogLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace weir::gateway
