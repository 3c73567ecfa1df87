#include "server/http/request.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace weir::gateway {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::delete_: return "DELETE";
    case Method::options: return "OPTIONS";
  }
  return "";
}

std::string_view Request::parameter(std::string_view name) const {
  const auto found = std::find_if(query.begin(), query.end(), [name](const auto& pair) { return pair.first == name; });
  return found == query.end() ? std::string_view{} : std::string_view(found->second);
}

Result<std::uint64_t> parse_content_length(std::string_view header) {
  const std::string_view text = trim(header);
  if (text.empty()) return std::uint64_t{0};
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return Error{ErrorCode::invalid, "Content-Length: not a number of bytes"};
  }
  return value;
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size()) return std::nullopt;
  if (!equals_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return std::nullopt;
  return trim(authorization.substr(scheme.size()));
}

std::optional<std::string_view> cookie_value(std::string_view cookies, std::string_view name) {
  for (const std::string_view pair : split(cookies, ';')) {
    const std::string_view text = trim(pair);
    if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=') return text.substr(name.size() + 1);
  }
  return std::nullopt;
}

std::string media_type(std::string_view content_type) {
  std::string type(trim(content_type.substr(0, content_type.find(';'))));
  std::transform(type.begin(), type.end(), type.begin(), lower);
  return type;
}

Result<std::chrono::seconds> parse_wait(std::string_view text, std::chrono::seconds max) {
  if (text.empty()) return std::chrono::seconds{0};
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || std::chrono::seconds(value) > max) {
    return Error{ErrorCode::invalid, "wait: must be whole seconds from 0 to " + std::to_string(max.count())};
  }
  return std::chrono::seconds(value);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool unchanged(std::string_view if_none_match, std::string_view etag) {
  return if_none_match == "*" || (!etag.empty() && if_none_match.find(etag) != if_none_match.npos);
}

}  // namespace weir::gateway
