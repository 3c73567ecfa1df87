#include "base/text.h"

#include "base/limits.h"

namespace weir {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; }

bool in(unsigned byte, unsigned low, unsigned high) { return byte >= low && byte <= high; }

/// RFC 3629 section 4: the bounds of the second byte rule out overlong forms, surrogates and what is above U+10FFFF.
std::size_t sequence_length(std::string_view text) {
  const unsigned first = byte_at(text, 0);
  const unsigned second = byte_at(text, 1);
  if (first < 0x80) return 1;
  if (in(first, 0xC2, 0xDF)) return in(second, 0x80, 0xBF) ? 2 : 0;
  if (!in(byte_at(text, 2), 0x80, 0xBF)) return 0;
  const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (!in(second, low, high)) return 0;
  if (in(first, 0xE0, 0xEF)) return 3;
  return in(first, 0xF0, 0xF4) && in(byte_at(text, 3), 0x80, 0xBF) ? 4 : 0;
}

/// C0, DEL and C1.
bool is_control(std::string_view text) {
  const unsigned byte = byte_at(text, 0);
  return byte < 0x20 || byte == 0x7F || (byte == 0xC2 && byte_at(text, 1) < 0xA0);
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

std::size_t utf8_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto length = byte_at(text, at) < 0x80 ? 1 : sequence_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

bool is_utf8(std::string_view text) { return utf8_prefix(text) == text.size(); }

std::size_t printable_length(std::string_view text) { return text.empty() || is_control(text) ? 0 : sequence_length(text); }

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > limits::name_bytes_max) return false;
  while (!text.empty()) {
    const auto length = printable_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = pattern.npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace weir
