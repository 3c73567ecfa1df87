#include "load/http.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <string>

#include <strings.h>

namespace weir::bench {
namespace {

template <class Number>
Number parse(std::string_view text) {
  Number number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc())
    throw std::runtime_error("no HTTP/1.1: \"" + std::string(text.substr(0, 100)) + "\" is no number");
  return number;
}

std::size_t parse_digit(char byte) {
  if (byte >= '0' && byte <= '9') return static_cast<std::size_t>(byte - '0');
  if (byte >= 'a' && byte <= 'f') return static_cast<std::size_t>(byte - 'a' + 10);
  if (byte >= 'A' && byte <= 'F') return static_cast<std::size_t>(byte - 'A' + 10);
  throw std::runtime_error(std::string("no HTTP/1.1: '") + byte + "' in the size of a chunk");
}

}  // namespace

std::string_view header(std::string_view head, std::string_view name) {
  for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':' || strncasecmp(line.data(), name.data(), name.size()) != 0)
      continue;
    const auto value = line.substr(name.size() + 1);
    return value.substr(std::min(value.find_first_not_of(' '), value.size()));
  }
  return {};
}

std::optional<ResponseHead> parse_head(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  const auto head = bytes.substr(0, end + 2);
  if (!head.starts_with("HTTP/1.1 ")) throw std::runtime_error("no HTTP/1.1: " + std::string(head.substr(0, 100)));
  ResponseHead out{.size = end + 4, .status = parse<int>(head.substr(9, 3))};
  out.chunked = header(head, "transfer-encoding") == "chunked";
  if (const auto length = header(head, "content-length"); !length.empty()) out.length = parse<std::size_t>(length);
  return out;
}

char* Dechunker::decode(char* begin, const char* end) {
  char* to = begin;
  for (const char* at = begin; at != end;) {
    if (state_ != State::data) {
      take_framing(*at++);
      continue;
    }
    const auto count = std::min(left_, static_cast<std::size_t>(end - at));
    std::memmove(to, at, count);
    to += count, at += count, left_ -= count;
    if (left_ == 0) state_ = State::after_data;
  }
  return to;
}

void Dechunker::take_framing(char byte) {
  switch (state_) {
    case State::size:
      if (byte == '\n') return end_size();
      if (byte == ';') return void(state_ = State::extension);
      if (byte == '\r') return;
      left_ = left_ * 16 + parse_digit(byte);
      return;
    case State::extension:
      if (byte == '\n') end_size();
      return;
    case State::after_data:
      if (byte == '\n') state_ = State::size;
      return;
    default: return take_trailer(byte);
  }
}

void Dechunker::end_size() { state_ = left_ == 0 ? State::trailer : State::data; }

void Dechunker::take_trailer(char byte) {
  if (byte == '\n') {
    if (line_empty_) state_ = State::ended;
    line_empty_ = true;
  } else if (byte != '\r') {
    line_empty_ = false;
  }
}

}  // namespace weir::bench
