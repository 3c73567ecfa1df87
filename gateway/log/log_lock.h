// LogLock: one program at a time has a log open for writing.
//
// Purpose    flock(2) on `weir.db.lock`; the kernel lets go of it when the process ends, however it ends.
// Thread     belongs to one thread.
// Ownership  owns the open file.
// Limits     none.
// Errors     `conflict`: another program has it; `io`: the folder is not there or not writable.
#pragma once

#include <filesystem>
#include <utility>

#include "base/result.h"

namespace weir::gateway {

class LogLock {
 public:
  LogLock() = default;
  static Result<LogLock> take(const std::filesystem::path& log);
  LogLock(LogLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  LogLock& operator=(LogLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~LogLock();

 private:
  explicit LogLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace weir::gateway
