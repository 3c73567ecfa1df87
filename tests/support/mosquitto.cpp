#include "support/mosquitto.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/wait_until.h"

namespace weir::test {
namespace {

/// Ends with the test program, however that ends. `output` and `input` are -1 for /dev/null.
pid_t spawn(const std::vector<std::string>& command, int input, int output) {
  std::vector<char*> arguments;
  for (const auto& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  const int nothing = open("/dev/null", O_RDWR);
  dup2(input >= 0 ? input : nothing, STDIN_FILENO);
  dup2(output >= 0 ? output : nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool answers(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  const bool connected = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return connected;
}

void end(pid_t& process, int signal) {
  if (process == 0) return;
  kill(process, signal);
  waitpid(process, nullptr, 0);
  process = 0;
}

void run(const std::vector<std::string>& command, int input = -1) {
  const pid_t child = spawn(command, input, -1);
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) throw std::runtime_error(command.front() + " failed");
}

std::string broker_program() { return access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto"; }

}  // namespace

std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

Mosquitto::Mosquitto(const std::string& configuration) : port_(free_port()) {
  auto pattern = (std::filesystem::temp_directory_path() / "weir-mosquitto-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  std::ofstream file(folder_ / "mosquitto.conf");
  file << "listener " << port_ << " 127.0.0.1\npersistence true\npersistence_location " << folder_.string() << "/\n"
       << "log_dest none\nset_tcp_nodelay true\n";
  if (geteuid() == 0) file << "user root\n";
  if (configuration.find("allow_anonymous") == std::string::npos) file << "allow_anonymous true\n";
  file << configuration << "\n";
}

Mosquitto::~Mosquitto() {
  end(process_, SIGKILL);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Mosquitto::start() {
  process_ = spawn({broker_program(), "-c", (folder_ / "mosquitto.conf").string()}, -1, -1);
  if (!wait_until([this] { return answers(port_); }, std::chrono::seconds(10)))
    throw std::runtime_error("mosquitto didn't start");
}

void Mosquitto::stop() { end(process_, SIGTERM); }
void Mosquitto::kill() { end(process_, SIGKILL); }
void Mosquitto::forget() { std::filesystem::remove(folder_ / "mosquitto.db"); }

void Mosquitto::publish(const std::string& topic, const std::string& payload, const std::vector<std::string>& options) const {
  std::vector<std::string> command = {"mosquitto_pub", "-p", std::to_string(port_), "-q", "1", "-t", topic, "-m", payload};
  command.insert(command.end(), options.begin(), options.end());
  run(command);
}

void Mosquitto::publish_lines(const std::string& topic, const std::string& lines) const {
  const auto file = folder_ / "lines";
  std::ofstream(file) << lines;
  const int input = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  run({"mosquitto_pub", "-p", std::to_string(port_), "-q", "1", "-t", topic, "-l"}, input);
  close(input);
}

MosquittoListener::MosquittoListener(const Mosquitto& broker, const std::string& filter, const std::string& format,
                                     const std::string& version) {
  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  process_ = spawn({"mosquitto_sub", "-p", std::to_string(broker.port()), "-V", version, "-q", "1", "-t", filter, "-t",
                    "weir-test/ready", "-F", format},
                   -1, ends[1]);
  close(ends[1]);
  output_ = ends[0];
  // It is subscribed when it hears the first; what comes after the last is the test's.
  while (!next(std::chrono::milliseconds(50))) broker.publish("weir-test/ready", "ready");
  broker.publish("weir-test/ready", "begin");
  for (auto line = next(); line && !line->ends_with("begin");) line = next();
}

MosquittoListener::~MosquittoListener() {
  end(process_, SIGKILL);
  close(output_);
}

std::optional<std::string> MosquittoListener::next(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (const auto line = buffer_.find('\n'); line != std::string::npos) {
      auto text = buffer_.substr(0, line);
      buffer_.erase(0, line + 1);
      return text;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready = {output_, POLLIN, 0};
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) <= 0) return std::nullopt;
    std::array<char, 4096> bytes;
    const auto got = read(output_, bytes.data(), bytes.size());
    if (got <= 0) return std::nullopt;
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace weir::test
