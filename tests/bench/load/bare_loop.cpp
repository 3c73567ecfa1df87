// bench-bare-loop: the anchor of every delivery, as little server as can deliver at all.
//
// One thread, one epoll, one buffer of preframed records for each format, a position in it for each client, one send() of all
// that a client is owed. No log, no authorisation, no filters. A client that asks for /idle gets nothing. Prints its port.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "load/generic_record.h"

namespace weir::bench {
namespace {

struct Settings {
  std::uint16_t port = 0;
  double rate = 20;         // records a second; 0: as fast as the sockets take them
  std::size_t clients = 1;  // begins when so many have asked: they are all there for the first record
  double coalesce_ms = 0;   // gathers what falls due in this time and sends it in one write
};

/// Framed records, the newest few MiB of them, addressed by how many bytes came before.
class Framed {
 public:
  void append(std::string_view header, std::string_view record, std::string_view trailer) {
    if (bytes_.size() > kept_max) {
      base_ += bytes_.size() / 2;
      bytes_.erase(0, bytes_.size() / 2);
    }
    bytes_.append(header).append(record).append(trailer);
  }
  std::uint64_t end() const { return base_ + bytes_.size(); }
  bool has(std::uint64_t position) const { return position >= base_; }
  std::string_view from(std::uint64_t position) const { return std::string_view(bytes_).substr(position - base_); }

 private:
  static constexpr std::size_t kept_max = std::size_t{16} << 20U;
  std::string bytes_;
  std::uint64_t base_ = 0;
};

struct Client {
  int socket = -1;
  const Framed* framed = nullptr;  // null: has not asked yet, or is idle
  bool asked = false, choked = false;
  std::uint64_t position = 0;
};

/// RFC 6455 section 4.2.2: Sec-WebSocket-Accept.
std::string accept_key(std::string_view key) {
  const auto text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 32> out;
  const int size = EVP_EncodeBlock(out.data(), digest.data(), digest.size());
  return {reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(size)};
}

class BareLoop {
 public:
  explicit BareLoop(const Settings& settings) : settings_(settings), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    accept_key("");  // what libcrypto allocates once is not to count as the first client's
    listen_now();
  }

  [[noreturn]] void run() {
    for (std::array<epoll_event, 256> events;;) {
      const int count = epoll_wait(epoll_, events.data(), events.size(), next_round_due() ? 0 : -1);
      for (int i = 0; i < count; ++i) take(events[static_cast<std::size_t>(i)]);
      if (next_round_due()) deliver(records_of_a_round);
    }
  }

 private:
  static constexpr std::uint64_t records_of_a_round = 500;

  /// Saturated: everybody has the round before, so nobody is ever written to twice for one.
  bool next_round_due() const { return settings_.rate <= 0 && begun_ > 0 && subscribed_ > 0 && choked_ == 0; }

  void listen_now() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address = {};
    socklen_t size = sizeof address;
    address.sin_family = AF_INET;
    address.sin_port = htons(settings_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || listen(listener_, SOMAXCONN) != 0)
      throw std::runtime_error(std::string("listen: ") + std::strerror(errno));
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    watch(listener_, EPOLLIN);
    std::printf("port %u\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  void begin() {
    begun_ = monotonic_ns();
    if (settings_.rate > 0) start_timer();
  }

  void start_timer() {
    const double seconds = settings_.coalesce_ms > 0 ? settings_.coalesce_ms / 1000 : 1 / settings_.rate;
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    itimerspec period = {};
    period.it_interval.tv_sec = static_cast<time_t>(seconds);
    period.it_interval.tv_nsec = static_cast<long>((seconds - static_cast<double>(period.it_interval.tv_sec)) * 1e9);
    period.it_value = period.it_interval;
    timerfd_settime(timer_, 0, &period, nullptr);
    watch(timer_, EPOLLIN);
  }

  void watch(int descriptor, std::uint32_t what) {
    epoll_event event = {.events = what, .data = {.fd = descriptor}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  void take(const epoll_event& event) {
    if (event.data.fd == listener_) return accept_all();
    if (event.data.fd == timer_) return deliver_due();
    // Each step may be the client's last, and one before in this turn may have been.
    if ((event.events & EPOLLOUT) != 0) {
      if (const auto client = clients_.find(event.data.fd); client != clients_.end()) resume(client->second);
    }
    if ((event.events & ~EPOLLOUT) == 0) return;
    if (const auto client = clients_.find(event.data.fd); client != clients_.end()) receive(client->second);
  }

  void resume(Client& client) {
    set_choked(client, false);
    flush(client);
  }

  void accept_all() {
    for (;;) {
      const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (socket < 0) return;
      const int one = 1;
      setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      clients_[socket].socket = socket;
      watch(socket, EPOLLIN);
    }
  }

  /// A request comes in one piece from loopback; whatever comes later is a pong, or the end.
  void receive(Client& client) {
    std::array<char, 4096> bytes;
    const auto got = recv(client.socket, bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return leave(client);
    if (!client.asked) answer(client, {bytes.data(), static_cast<std::size_t>(got)});
  }

  void answer(Client& client, std::string_view request) {
    std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    const Framed* framed = &sse_;
    constexpr std::string_view key = "Sec-WebSocket-Key: ";
    if (const auto at = request.find(key); at != std::string_view::npos) {
      head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
             accept_key(request.substr(at + key.size(), 24)) + "\r\n\r\n";
      framed = &websocket_;
    }
    send(client.socket, head.data(), head.size(), MSG_NOSIGNAL);
    client.asked = true;
    if (request.starts_with("GET /idle")) return;
    client.framed = framed, client.position = framed->end();
    if (++subscribed_ == settings_.clients && begun_ == 0) begin();
  }

  void leave(Client& client) {
    set_choked(client, false);
    if (client.framed != nullptr) --subscribed_;
    close(client.socket);
    clients_.erase(client.socket);
  }

  void deliver_due() {
    std::uint64_t expired = 0;
    if (read(timer_, &expired, sizeof expired) < 0) return;
    const auto due = static_cast<std::uint64_t>(static_cast<double>(monotonic_ns() - begun_) / 1e9 * settings_.rate);
    if (due > produced_) deliver(due - produced_);
  }

  void deliver(std::uint64_t count) {
    const auto now = monotonic_ns();
    for (; count > 0; --count) {
      // What is gathered was published when it fell due.
      const auto due = begun_ + static_cast<std::uint64_t>(static_cast<double>(++produced_) / settings_.rate * 1e9);
      const GenericRecord record(produced_, settings_.coalesce_ms > 0 ? due : now);
      sse_.append("data: ", record.view(), "\n\n");
      websocket_.append({"\x81\x78", 2}, record.view(), "");  // FIN, text; 120 bytes
    }
    for (auto at = clients_.begin(); at != clients_.end();) flush((at++)->second);
  }

  void flush(Client& client) {
    if (client.framed == nullptr || client.choked) return;
    if (!client.framed->has(client.position)) return leave(client);
    const auto owed = client.framed->from(client.position);
    if (owed.empty()) return;
    const auto sent = send(client.socket, owed.data(), owed.size(), MSG_NOSIGNAL);
    if (sent > 0) client.position += static_cast<std::uint64_t>(sent);
    if (sent < 0 && errno != EAGAIN) return leave(client);
    if (sent < static_cast<ssize_t>(owed.size())) set_choked(client, true);
  }

  void set_choked(Client& client, bool choked) {
    if (client.choked == choked) return;
    client.choked = choked;
    choked ? ++choked_ : --choked_;
    epoll_event event = {.events = choked ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {.fd = client.socket}};
    epoll_ctl(epoll_, EPOLL_CTL_MOD, client.socket, &event);
  }

  const Settings settings_;
  const int epoll_;
  int listener_ = -1, timer_ = -1;
  std::map<int, Client> clients_;
  std::size_t subscribed_ = 0, choked_ = 0;
  Framed sse_, websocket_;
  std::uint64_t begun_ = 0, produced_ = 0;
};

Settings settings_from(int count, char** arguments) {
  Settings settings;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = arguments[i];
    const char* value = arguments[i + 1];
    if (name == "--port") settings.port = static_cast<std::uint16_t>(std::atoi(value));
    if (name == "--rate") settings.rate = std::atof(value);
    if (name == "--clients") settings.clients = std::strtoull(value, nullptr, 10);
    if (name == "--coalesce") settings.coalesce_ms = std::atof(value);
  }
  return settings;
}

}  // namespace
}  // namespace weir::bench

int main(int count, char** arguments) {
  try {
    rlimit limit = {};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    weir::bench::BareLoop(weir::bench::settings_from(count, arguments)).run();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "bench-bare-loop: %s\n", failure.what());
    return 1;
  }
}
