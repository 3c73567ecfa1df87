#include "readers/serial/serial_port.h"

#include <cerrno>
#include <cstring>

// The kernel's termios2 knows any rate (BOTHER); glibc's termios.h does not and must not be included beside it.
#include <asm/termbits.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace weir::firmware {
namespace {

std::string advice(int error) {
  switch (error) {
    case EACCES: return "; is the user in the group dialout?";
    case EBUSY: return "; another program has it open";
    default: return {};
  }
}

Error failed(const std::string& path, int error) {
  const bool gone = error == ENOENT || error == ENODEV || error == ENXIO;
  const auto code = gone ? ErrorCode::not_found : error == EBUSY || error == EIO ? ErrorCode::unavailable : ErrorCode::io;
  return {code, path + ": " + std::strerror(error) + advice(error)};
}

/// Drivers round a rate to what their clock divides to; a receiver bears about 2 %.
bool near(unsigned set, unsigned wanted) { return set >= wanted - wanted / 50 && set <= wanted + wanted / 50; }

termios2 raw(termios2 settings, unsigned baud) {
  settings.c_iflag = 0;
  settings.c_oflag = 0;
  settings.c_lflag = 0;
  settings.c_cflag &= ~static_cast<tcflag_t>(CBAUD | CBAUD << IBSHIFT | CSIZE | CSTOPB | PARENB | CRTSCTS);
  settings.c_cflag |= BOTHER | BOTHER << IBSHIFT | CS8 | CREAD | CLOCAL;
  settings.c_ispeed = settings.c_ospeed = baud;
  settings.c_cc[VMIN] = 1;  // no data is EAGAIN, so that 0 means unplugged
  settings.c_cc[VTIME] = 0;
  return settings;
}

Result<void> configure(int fd, const std::string& path, unsigned baud) {
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) return failed(path, EBUSY);
  termios2 settings{};
  if (ioctl(fd, TCGETS2, &settings) != 0) {
    if (errno == ENOTTY) return Error{ErrorCode::invalid, path + ": not a serial port"};
    return failed(path, errno);
  }
  settings = raw(settings, baud);
  if (ioctl(fd, TIOCEXCL) != 0 || ioctl(fd, TCSETS2, &settings) != 0 || ioctl(fd, TCGETS2, &settings) != 0)
    return failed(path, errno);
  if (!near(settings.c_ospeed, baud)) {
    return Error{ErrorCode::invalid, path + ": the port does " + std::to_string(settings.c_ospeed) + " baud instead of " +
                                         std::to_string(baud) + "; choose another rate"};
  }
  ioctl(fd, TCFLSH, TCIFLUSH);
  return {};
}

}  // namespace

Result<int> open_serial_port(const std::string& path, unsigned baud) {
  const int fd = open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return failed(path, errno);
  if (auto configured = configure(fd, path, baud); !configured) {
    close(fd);
    return configured.error();
  }
  return fd;
}

}  // namespace weir::firmware
