#include "readers/mqtt/paho_socket.h"

#include <charconv>
#include <mutex>
#include <string_view>

#include <sys/socket.h>

#include <MQTTAsync.h>

namespace weir::firmware::paho_socket {
namespace {

std::mutex watch_mutex;  // protects `watches`
int watches = 0;

// Paho traces the CONNACK and calls the connection's handler on one thread, one after the other.
thread_local std::string last_connack;  // the line up to the client id

/// "<time> <socket> <client id> <- CONNACK rc: <n>" (Messages.c of Paho C 1.3).
void on_trace(enum MQTTASYNC_TRACE_LEVELS /*level*/, char* line) {
  if (line == nullptr) return;
  const std::string_view text(line);
  const auto end = text.find(" <- CONNACK rc:");
  if (end != std::string_view::npos) last_connack.assign(text.substr(0, end));
}

bool is_stream_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

}  // namespace

Watch::Watch() {
  std::lock_guard lock(watch_mutex);
  if (++watches > 1) return;
  MQTTAsync_setTraceCallback(on_trace);
  MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_PROTOCOL);
}

Watch::~Watch() {
  std::lock_guard lock(watch_mutex);
  if (--watches == 0) MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
}

int of_last_connack(const std::string& client_id) {
  const std::string_view line(last_connack);
  if (line.size() <= client_id.size() + 1 || !line.ends_with(client_id)) return -1;
  const auto before = line.substr(0, line.size() - client_id.size() - 1);
  const auto number = before.substr(before.rfind(' ') + 1);
  int socket = -1;
  const auto [stopped, error] = std::from_chars(number.data(), number.data() + number.size(), socket);
  if (error != std::errc{} || stopped != number.data() + number.size() || !is_stream_socket(socket)) return -1;
  return socket;
}

void shut_down(int socket) { shutdown(socket, SHUT_RDWR); }

}  // namespace weir::firmware::paho_socket
