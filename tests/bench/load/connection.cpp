#include "load/connection.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load/generic_record.h"
#include "load/mqtt.h"
#include "load/websocket.h"

namespace weir::bench {
namespace {

using namespace std::string_view_literals;

// At once: what fits into a core's cache is parsed faster than it comes.
constexpr std::size_t receive_bytes_max = std::size_t{256} * 1024;

std::string upgrade_to(std::string_view protocol) {
  return "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: d2Vpci1iZW5jaC1sb2FkIQ==\r\nSec-WebSocket-Protocol: " +
         std::string(protocol) + "\r\n";
}

std::string accept_of(Kind kind) {
  switch (kind) {
    case Kind::sse: return "Accept: text/event-stream\r\n";
    case Kind::ndjson: return "Accept: application/x-ndjson\r\n";
    case Kind::long_poll: return "Accept: application/json\r\n";
    case Kind::mqtt: return upgrade_to("mqtt");
    case Kind::websocket: break;
  }
  return upgrade_to("weir.v1.json");
}

std::string validators(std::string_view head) {
  return "If-Modified-Since: " + std::string(header(head, "last-modified")) +
         "\r\nIf-None-Match: " + std::string(header(head, "etag")) + "\r\n";
}

/// The string member `name`, of a page that has no escapes in it.
std::string_view member(std::string_view page, std::string_view name) {
  const auto begin = page.find(name);
  if (begin == std::string_view::npos) return {};
  const auto text = page.substr(begin + name.size());
  return text.substr(0, text.find('"'));
}

}  // namespace

Connection::Connection(Role role, Kind kind, const Request& request, RecordScanner& scanner)
    : role_(role), kind_(kind), request_(request), scanner_(scanner) {
  connect_and_ask();
}

Connection::~Connection() {
  // A reset instead of a handshake: thousands of ports would be in TIME_WAIT when the next run needs them.
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(socket_);
}

void Connection::connect_and_ask() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) throw std::runtime_error(std::string("no socket: ") + std::strerror(errno));
  const int one = 1, small = 4096;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  // The server is to feel a deaf client soon, not after the megabytes that the kernel would take for it.
  if (role_ == Role::deaf) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(request_.port);
  if (inet_pton(AF_INET, request_.host.c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("--host: \"" + request_.host + "\" is no IPv4 address");
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("port " + std::to_string(request_.port) + ": " + std::strerror(errno));
  // A WebSocket subscribes by its parameters; a page tells where the log ends now. From there on nothing may be missing.
  ask("after=now");
  // Without cursors there is no page before the first record, and nothing to see of when one is waited for.
  if (kind_ == Kind::long_poll && request_.generic) opened_ = true;
}

void Connection::ask(std::string_view parameters, std::string_view headers) {
  std::string text = "GET " + request_.target;
  if (!parameters.empty()) text.append(1, request_.target.find('?') == std::string::npos ? '?' : '&').append(parameters);
  text += " HTTP/1.1\r\nHost: " + request_.host + "\r\n";
  if (!request_.token.empty()) text += "Authorization: Bearer " + request_.token + "\r\n";
  send_all(text.append(headers) + accept_of(kind_) + "\r\n");
  head_taken_ = false;
}

void Connection::send_all(std::string_view bytes) {
  if (send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) closed_ = true;
}

bool Connection::receive(std::span<char> scratch) {
  if (rest_.size() >= scratch.size()) throw std::runtime_error("a message is longer than the room for it");
  std::memcpy(scratch.data(), rest_.data(), rest_.size());
  char* const fresh = scratch.data() + rest_.size();
  const auto got = recv(socket_, fresh, std::min(scratch.size() - rest_.size(), receive_bytes_max), MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return true;
  if (got <= 0) return false;
  now_ = monotonic_ns();
  return take(scratch.data(), fresh, fresh + got) && !closed_;
}

bool Connection::take(char* begin, char* fresh, char* end) {
  if (!head_taken_) {
    const auto head = parse_head({begin, end});
    if (!head) return rest_.assign(begin, end), true;
    if (head->status != 200 && head->status != 101)
      throw std::runtime_error("a client of the kind " + std::string(to_string(kind_)) +
                               " is refused: " + std::string(begin, end));
    if (request_.generic && kind_ == Kind::long_poll) validators_ = validators({begin, head->size});
    begin = fresh = begin + head->size;
    head_ = *head, head_taken_ = true, dechunker_ = {};
    if (kind_ == Kind::mqtt)  // the subscription is the second word of the same breath; the broker takes them in turn
      send_all(frame(Opcode::binary, mqtt::connect("load-" + std::to_string(socket_))) +
               frame(Opcode::binary, mqtt::subscribe()));
    else if (kind_ != Kind::long_poll)
      opened_ = true;
  }
  if (head_.chunked) end = dechunker_.decode(fresh, end);
  const auto used = take_body({begin, end});
  rest_.assign(begin + used, end);
  return !(head_.chunked && dechunker_.ended() && kind_ != Kind::long_poll);
}

std::size_t Connection::take_body(std::string_view body) {
  switch (kind_) {
    case Kind::websocket:
    case Kind::mqtt: return take_frames(body);
    case Kind::long_poll: return take_page(body);
    default: return take_lines(body);
  }
}

std::size_t Connection::take_lines(std::string_view body) {
  std::size_t used = 0;
  for (auto end = body.find('\n'); end != std::string_view::npos; end = body.find('\n', used)) {
    take_line(body.substr(used, end - used));
    used = end + 1;
  }
  return used;
}

void Connection::take_line(std::string_view line) {
  if (kind_ == Kind::ndjson) return void(scanner_.scan(line, now_, order_, 1));
  if (line.starts_with("data: ")) {
    const auto found = scanner_.scan(line.substr(6), now_, order_, 1);
    if (found.count > 0 && id_ != 0 && id_ != found.last_seq) ++scanner_.deliveries().wrong_ids;
  } else if (line.starts_with("id: ")) {
    const auto digits = line.substr(line.rfind('-') + 1);  // EPOCH-SEQ; other servers' ids are no business of ours
    if (digits.size() == line.size() || std::from_chars(digits.data(), digits.data() + digits.size(), id_).ec != std::errc())
      id_ = 0;
  } else if (line.empty()) {
    id_ = 0;
  }
}

std::size_t Connection::take_frames(std::string_view body) {
  std::size_t used = 0;
  for (auto frame = parse_frame(body); frame; frame = parse_frame(body.substr(used))) {
    used += frame->size;
    if (frame->opcode == Opcode::ping) send_all(bench::frame(Opcode::pong, frame->payload));
    if (frame->opcode == Opcode::close) closed_ = true;
    if (frame->opcode > Opcode::binary) continue;
    if (frame->last && fragments_.empty()) {
      take_message(frame->payload);
      continue;
    }
    fragments_ += frame->payload;
    if (frame->last) take_message(std::exchange(fragments_, {}));
  }
  return used;
}

/// MQTT cares for no message's end: what is not a whole packet yet stays for the next one.
void Connection::take_message(std::string_view message) {
  if (kind_ != Kind::mqtt) return void(scanner_.scan(message, now_, order_));
  fragments_ = message.substr(take_packets(message));
}

std::size_t Connection::take_packets(std::string_view packets) {
  std::size_t used = 0;
  for (auto packet = mqtt::parse(packets); packet; packet = mqtt::parse(packets.substr(used))) {
    used += packet->size;
    if (packet->type == mqtt::Type::publish)
      scanner_.scan(packet->payload, now_, order_, 1);
    else if (!mqtt::accepted(*packet))
      throw std::runtime_error("the broker refuses a client");
    else if (packet->type == mqtt::Type::suback)
      opened_ = true;
  }
  return used;
}

/// A page is taken when it is whole; then the next one is asked for.
std::size_t Connection::take_page(std::string_view body) {
  const bool whole = head_.chunked ? dechunker_.ended() : head_.length && body.size() >= *head_.length;
  if (!whole) return 0;
  scanner_.scan(body, now_, order_);
  opened_ = true;
  if (request_.generic)
    ask({}, validators_);
  else
    ask("wait=60&after=" + std::string(member(body, R"("cursor":")")));
  return body.size();
}

}  // namespace weir::bench
