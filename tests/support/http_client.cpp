#include "support/http_client.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace weir::test {
namespace {

using Clock = std::chrono::steady_clock;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string big_endian(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i-- > 0;) out += static_cast<char>((value >> (8 * i)) & 0xffU);
  return out;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = (value << 8U) | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

HttpClient::HttpClient(std::uint16_t port, const std::string& host) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect");
}

HttpClient::~HttpClient() { hang_up(); }

void HttpClient::hang_up() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void HttpClient::vanish() {
  sock_filter nothing{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &nothing};
  if (::setsockopt(socket_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    throw std::runtime_error("a filter can't be attached to the socket");
}

void HttpClient::take_little() {
  const int bytes = 4096;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void HttpClient::stop_sending() { ::shutdown(socket_, SHUT_WR); }

void HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server has closed: reading says so
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void HttpClient::request(std::string_view method, std::string_view target, std::string_view headers, std::string_view body) {
  std::string text(method);
  text.append(" ").append(target).append(" HTTP/1.1\r\nHost: gateway.test\r\n").append(headers);
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  send(text.append("\r\n").append(body));
}

Answer HttpClient::ask(std::string_view method, std::string_view target, std::string_view headers, std::string_view body) {
  request(method, target, headers, body);
  return read_answer(method == "HEAD");
}

// ---- Reading

bool HttpClient::fill(Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd waiting{socket_, POLLIN, 0};
  if (socket_ < 0 || ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) != 1) return false;
  char bytes[65536];
  const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> HttpClient::take(std::size_t bytes, Clock::time_point until) {
  while (buffer_.size() < bytes) {
    if (!fill(until)) return std::nullopt;
  }
  std::string taken = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return taken;
}

std::optional<std::string> HttpClient::take_line(Clock::time_point until) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == buffer_.npos) {
    if (!fill(until)) return std::nullopt;
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

Answer HttpClient::read_head() {
  const auto until = Clock::now() + patience;
  Answer answer;
  const auto status = take_line(until);
  if (!status || status->size() < 12) return answer;
  answer.status = std::stoi(status->substr(9, 3));
  for (auto line = take_line(until); line && !line->empty(); line = take_line(until)) {
    const std::size_t colon = line->find(": ");
    answer.headers[lower(line->substr(0, colon))] = colon == line->npos ? "" : line->substr(colon + 2);
  }
  body_.clear();
  body_ended_ = false;
  return answer;
}

Answer HttpClient::read_answer(bool head_only) {
  Answer answer = read_head();
  if (answer.status == 0 || head_only || answer.status == 204 || answer.status == 304) return answer;
  const auto until = Clock::now() + patience;
  if (answer.header("transfer-encoding") == "chunked") {
    while (read_chunk(until)) {
    }
    answer.body = body_;
  } else if (!answer.header("content-length").empty()) {
    answer.body = take(std::stoul(answer.header("content-length")), until).value_or("");
  }
  return answer;
}

bool HttpClient::read_chunk(Clock::time_point until) {
  if (body_ended_) return false;
  const auto size = take_line(until);
  if (!size) return false;
  const std::size_t bytes = std::stoul(*size, nullptr, 16);
  const auto data = take(bytes + 2, until);
  body_ended_ = bytes == 0;
  if (!data || body_ended_) return false;
  body_.append(*data, 0, bytes);
  return true;
}

std::optional<std::string> HttpClient::read_line(std::chrono::milliseconds wait) {
  const auto until = Clock::now() + wait;
  std::size_t end = 0;
  while ((end = body_.find('\n')) == body_.npos) {
    if (!read_chunk(until)) return std::nullopt;
  }
  std::string line = body_.substr(0, end);
  body_.erase(0, end + 1);
  return line;
}

bool HttpClient::closed_within(std::chrono::milliseconds wait) {
  const auto until = Clock::now() + wait;
  while (fill(until)) {
  }
  return Clock::now() < until;
}

// ---- WebSocket

unsigned HttpClient::Message::close_code() const {
  return opcode == 8 && payload.size() >= 2 ? static_cast<unsigned>(from_big_endian(payload.substr(0, 2))) : 0;
}

Answer HttpClient::upgrade(std::string_view target, std::string_view headers) {
  std::string all(headers);
  all +=
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  request("GET", target, all);
  Answer answer = read_head();
  const std::string length = answer.header("content-length");
  if (answer.status != 101 && !length.empty()) answer.body = take(std::stoul(length), Clock::now() + patience).value_or("");
  return answer;
}

void HttpClient::send_message(std::string_view payload, unsigned opcode, bool final) {
  constexpr std::string_view mask = "\x12\x34\x56\x78";
  std::string frame(1, static_cast<char>((final ? 0x80U : 0U) | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80U | payload.size());
  } else {
    frame += static_cast<char>(0x80U | (payload.size() < 0x10000 ? 126U : 127U));
    frame += big_endian(payload.size(), payload.size() < 0x10000 ? 2 : 8);
  }
  frame += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ mask[i % 4]);
  send(frame);
}

std::optional<HttpClient::Message> HttpClient::read_message(std::chrono::milliseconds wait) {
  const auto until = Clock::now() + wait;
  const auto head = take(2, until);
  if (!head) return std::nullopt;
  std::uint64_t length = static_cast<unsigned char>((*head)[1]) & 0x7fU;
  if (length >= 126) {
    const auto extended = take(length == 126 ? 2 : 8, until);
    if (!extended) return std::nullopt;
    length = from_big_endian(*extended);
  }
  auto payload = take(static_cast<std::size_t>(length), until);
  if (!payload) return std::nullopt;
  return Message{static_cast<unsigned char>((*head)[0]) & 0x0fU, std::move(*payload)};
}

}  // namespace weir::test
