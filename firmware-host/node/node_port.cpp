#include "node/node_port.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace weir::firmware {
namespace {

constexpr std::size_t pending_bytes_max = 8192;

Error failed(const std::string& what) { return {ErrorCode::io, what + ": " + std::strerror(errno)}; }

/// POSIX knows rates by constants only; the gateway's side takes any.
Result<speed_t> speed_of(unsigned baud) {
  static const std::map<unsigned, speed_t> speeds = {{1200, B1200},      {2400, B2400},     {4800, B4800},     {9600, B9600},
                                                     {19200, B19200},    {38400, B38400},   {57600, B57600},   {115200, B115200},
                                                     {230400, B230400},  {460800, B460800}, {500000, B500000}, {921600, B921600},
                                                     {1000000, B1000000}};
  const auto found = speeds.find(baud);
  if (found == speeds.end())
    return Error{ErrorCode::invalid, "--baud " + std::to_string(baud) + ": not a standard rate; take 115200"};
  return found->second;
}

Result<void> make_raw(int fd, unsigned baud, const std::string& path) {
  const auto speed = speed_of(baud);
  if (!speed) return speed.error();
  termios settings{};
  if (tcgetattr(fd, &settings) != 0) return failed(path);
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  cfsetspeed(&settings, *speed);
  if (tcsetattr(fd, TCSANOW, &settings) != 0) return failed(path);
  return {};
}

/// Replaced in one step: whoever opens the link meets the old terminal or the new one.
Result<void> make_link(const std::string& target, const std::string& link) {
  if (link.empty()) return {};
  const auto fresh = link + ".new";
  ::unlink(fresh.c_str());
  if (symlink(target.c_str(), fresh.c_str()) != 0 || rename(fresh.c_str(), link.c_str()) != 0) return failed("--link " + link);
  return {};
}

}  // namespace

NodePort::NodePort(int fd, int kept_fd, std::string path, std::string link, Faults& faults)
    : fd_(fd), kept_fd_(kept_fd), path_(std::move(path)), link_(std::move(link)), faults_(faults) {}

NodePort::~NodePort() {
  if (!link_.empty()) ::unlink(link_.c_str());
  if (kept_fd_ >= 0) close(kept_fd_);
  close(fd_);
}

Result<std::unique_ptr<NodePort>> NodePort::open(const NodeOptions& options, Faults& faults) {
  const bool pty = options.serial == "pty";
  const int fd =
      pty ? posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) : ::open(options.serial.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return failed("--serial " + options.serial);
  std::array<char, 128> name{};
  const bool named = !pty || (grantpt(fd) == 0 && unlockpt(fd) == 0 && ptsname_r(fd, name.data(), name.size()) == 0);
  const std::string path = pty ? name.data() : options.serial;
  const int kept = pty && named ? ::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
  std::unique_ptr<NodePort> port(new NodePort(fd, kept, path, options.link, faults));
  if (!named || (pty && kept < 0)) return failed("making a pseudo-terminal");
  if (auto raw = make_raw(pty ? kept : fd, options.baud, path); !raw) return raw.error();
  if (auto linked = make_link(path, options.link); !linked) return linked.error();
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return port;
}

bool NodePort::write(std::string bytes) {
  if (pending_.size() + bytes.size() > pending_bytes_max) return false;
  faults_.damage(bytes);
  pending_ += bytes;
  flush();
  return true;
}

void NodePort::flush() {
  if (pending_.empty()) return;
  const auto written = ::write(fd_, pending_.data(), pending_.size());
  if (written > 0) pending_.erase(0, static_cast<std::size_t>(written));
}

std::string NodePort::read(int timeout_ms) {
  pollfd waiting{fd_, static_cast<short>(POLLIN | (pending_.empty() ? 0 : POLLOUT)), 0};
  if (::poll(&waiting, 1, timeout_ms) > 0 && (waiting.revents & POLLOUT) != 0) flush();
  std::string bytes(4096, '\0');
  const auto got = ::read(fd_, bytes.data(), bytes.size());
  closed_ = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  faults_.damage(bytes);
  return bytes;
}

}  // namespace weir::firmware
