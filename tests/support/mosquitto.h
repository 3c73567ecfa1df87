// Mosquitto: a real broker on a free loopback port, for one test.
//
// Purpose    start, stop, kill, restart keeping or losing what it remembers; publish and listen through its own clients.
// Thread     belongs to the test.
// Ownership  owns the process and a temporary folder; both are gone when it is.
// Limits     start() waits 10 s for the port.
// Errors     a broker that can't be started throws: there is no test without it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace weir::test {

/// Nothing listens there now.
std::uint16_t free_port();

class Mosquitto {
 public:
  /// `configuration`: further lines for mosquitto.conf. Anonymous clients are let in unless it says allow_anonymous.
  explicit Mosquitto(const std::string& configuration = {});
  ~Mosquitto();
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  void start();
  void stop();    // SIGTERM: it writes what it remembers
  void kill();    // SIGKILL: it forgets what it had not written
  void forget();  // while it is stopped: sessions, retained and queued messages

  std::uint16_t port() const { return port_; }
  std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }
  const std::filesystem::path& folder() const { return folder_; }

  /// mosquitto_pub; returns when the broker has it. `options` are its own: {"-r"}, {"-q", "0"}, ...
  void publish(const std::string& topic, const std::string& payload, const std::vector<std::string>& options = {}) const;
  /// A message for each line, in one connection.
  void publish_lines(const std::string& topic, const std::string& lines) const;

 private:
  std::uint16_t port_;
  std::filesystem::path folder_;
  pid_t process_ = 0;
};

/// mosquitto_sub: what a device would receive, one line a message.
class MosquittoListener {
 public:
  /// `format` is mosquitto_sub's -F and ends with "%p", the payload ("%t" topic, "%r" retained, "%R" response topic, "%D"
  /// correlation data).
  MosquittoListener(const Mosquitto& broker, const std::string& filter, const std::string& format = "%p",
                    const std::string& version = "mqttv5");
  ~MosquittoListener();
  MosquittoListener(const MosquittoListener&) = delete;
  MosquittoListener& operator=(const MosquittoListener&) = delete;

  std::optional<std::string> next(std::chrono::milliseconds patience = std::chrono::seconds(10));

 private:
  pid_t process_ = 0;
  int output_ = -1;
  std::string buffer_;
};

}  // namespace weir::test
