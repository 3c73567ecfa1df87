#include "load/publisher.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load/generic_record.h"
#include "load/mqtt.h"

namespace weir::bench {

using namespace std::chrono_literals;

Publisher::Publisher(const Options& options, PublishTimes& times, const Deliveries& deliveries)
    : options_(options), settings_(*options.publish), times_(times), deliveries_(deliveries) {
  thread_ = std::thread([this] { run(); });
}

void Publisher::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Publisher::run() {
  try {
    connect_to_server();
    if (settings_.mqtt_port > 0) sign_in_to_broker();
    if (settings_.in_step > 0)
      publish_in_step();
    else
      settings_.rate > 0 ? publish_at_rate() : publish_saturated();
  } catch (const std::exception& failure) {
    failure_ = failure.what();
    failed_ = true;
  }
  if (socket_ >= 0) close(socket_);
}

void Publisher::connect_to_server() {
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const timeval patience = {.tv_sec = 60, .tv_usec = 0};  // a server that never answers must not hang us
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(settings_.mqtt_port > 0 ? settings_.mqtt_port : options_.port);
  inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(std::string("the publisher's connection: ") + std::strerror(errno));
}

void Publisher::sign_in_to_broker() {
  send_all(mqtt::connect("load-publisher"));
  std::array<char, 4> answer = {};
  const auto got = recv(socket_, answer.data(), answer.size(), MSG_WAITALL);
  const auto packet = mqtt::parse({answer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))});
  if (!packet || !mqtt::accepted(*packet)) throw std::runtime_error("the broker refuses the publisher");
}

void Publisher::publish_at_rate() {
  using Seconds = std::chrono::duration<double>;
  const auto clock = [] { return std::chrono::steady_clock::now(); };
  const auto period = std::max(1 / settings_.rate, settings_.gather / 1000);
  const auto begun = clock();
  while (!stopping_) {
    const auto passed = Seconds(clock() - begun).count();
    const auto due = static_cast<std::uint64_t>(std::floor(passed / period) * period * settings_.rate + 0.001);
    if (due > published_) {
      publish(std::min<std::uint64_t>(due - published_, settings_.batch));
      continue;
    }
    const auto next =
        begun + std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds((std::floor(passed / period) + 1) * period));
    std::this_thread::sleep_until(std::min(next, clock() + 50ms));  // in pieces: stop() is soon heard at low rates as well
  }
}

/// A closed loop: on average no client is further behind than the window, or history would be measured instead of delivery.
void Publisher::publish_saturated() {
  const auto clients = total(options_.clients);
  while (!stopping_) {
    const auto seen = deliveries_.records.load(std::memory_order_relaxed) / clients;
    if (published_ + settings_.batch <= seen + settings_.window)
      publish(settings_.batch);
    else
      std::this_thread::sleep_for(50us);
  }
}

/// The server has the same to do for every batch, however slow it is: it can be counted, and counted again.
void Publisher::publish_in_step() {
  const auto clients = total(options_.clients);
  while (!stopping_ && published_ < settings_.in_step) {
    publish(std::min<std::uint64_t>(settings_.in_step - published_, settings_.batch));
    while (!stopping_ && deliveries_.settled < published_ * clients) std::this_thread::sleep_for(50us);
  }
  ended_ = true;
}

void Publisher::publish(std::uint64_t count) {
  if (options_.generic) count = 1;
  const auto content = body(count);
  if (settings_.mqtt_port > 0) {
    send_all(mqtt::publish(content));
  } else {
    send_all(request(content));
    expect_success();
  }
  published_ += count;
}

std::string Publisher::request(const std::string& content) const {
  std::string out = "POST " + settings_.target + " HTTP/1.1\r\nHost: " + options_.host + "\r\n";
  if (!settings_.token.empty()) out += "Authorization: Bearer " + settings_.token + "\r\n";
  return out + "Content-Type: application/x-ndjson\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content;
}

void Publisher::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw std::runtime_error("the server has closed the publisher's connection");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string Publisher::body(std::uint64_t count) {
  const auto now = monotonic_ns();
  if (options_.generic) return std::string(GenericRecord(published_ + 1, now).view());
  std::string out;
  for (auto number = published_ + 1; number <= published_ + count; ++number) {
    times_.set(number, now);
    out += R"({"device":"bench-load","metric":"count","value":)" + std::to_string(number) + "}\n";
  }
  return out;
}

void Publisher::expect_success() {
  std::string answer;
  for (char bytes[4096];;) {
    const auto got = recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) throw std::runtime_error("the server gives the publisher no answer");
    answer.append(bytes, static_cast<std::size_t>(got));
    const auto head = parse_head(answer);
    if (!head) continue;
    if (head->status / 100 != 2) throw std::runtime_error("the publisher is refused: " + answer);
    if (head->chunked ? answer.ends_with("0\r\n\r\n") : answer.size() >= head->size + head->length.value_or(0)) return;
  }
}

}  // namespace weir::bench
