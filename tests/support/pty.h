// Pty: a pseudo-terminal; the reader opens `path()`, the test is the device at the other end.
#pragma once

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "support/wait_until.h"

namespace weir::test {

class Pty {
 public:
  Pty() : fd_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
    std::array<char, 64> name{};
    if (fd_ < 0 || grantpt(fd_) != 0 || unlockpt(fd_) != 0 || ptsname_r(fd_, name.data(), name.size()) != 0) std::abort();
    path_ = name.data();
  }
  ~Pty() { unplug(); }
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;

  const std::string& path() const { return path_; }

  void unplug() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  /// All of it, however slowly the reader takes it; false when it doesn't.
  bool say(std::string_view bytes) {
    return wait_until([&] {
      const auto written = ::write(fd_, bytes.data(), bytes.size());
      if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
      return bytes.empty();
    });
  }

  /// Everything that the reader has written so far.
  const std::string& heard() {
    std::array<char, 4096> bytes;
    for (ssize_t got = 0; (got = ::read(fd_, bytes.data(), bytes.size())) > 0;)
      heard_.append(bytes.data(), static_cast<std::size_t>(got));
    return heard_;
  }

 private:
  int fd_;
  std::string path_;
  std::string heard_;
};

/// A folder of its own, with a link in it that is plugged from one terminal to another.
class Plug {
 public:
  Plug() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-plug-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
  }
  ~Plug() { std::filesystem::remove_all(folder_); }
  Plug(const Plug&) = delete;
  Plug& operator=(const Plug&) = delete;

  std::string path() const { return (folder_ / "port").string(); }
  const std::filesystem::path& folder() const { return folder_; }
  void into(const Pty& pty) {
    out();
    std::filesystem::create_symlink(pty.path(), path());
  }
  void out() { std::filesystem::remove(path()); }

 private:
  std::filesystem::path folder_;
};

}  // namespace weir::test
