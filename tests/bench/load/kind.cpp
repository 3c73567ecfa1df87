#include "load/kind.h"

#include <array>
#include <charconv>
#include <stdexcept>
#include <string>

namespace weir::bench {
namespace {

constexpr std::array<std::string_view, 5> names = {"sse", "ndjson", "websocket", "long-poll", "mqtt"};

Kind parse_kind(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<Kind>(i);
  throw std::runtime_error("no kind of client \"" + std::string(name) + "\"; there are sse, ndjson, websocket, long-poll, mqtt");
}

std::size_t parse_count(std::string_view text) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::runtime_error("\"" + std::string(text) + "\" is not a number of clients");
  return count;
}

Share parse_share(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return {Kind::sse, parse_count(text)};
  return {parse_kind(text.substr(0, equals)), parse_count(text.substr(equals + 1))};
}

}  // namespace

std::string_view to_string(Kind kind) { return names[static_cast<std::size_t>(kind)]; }

Mixture parse_mixture(std::string_view text) {
  Mixture out;
  for (;;) {
    const auto comma = text.find(',');
    out.push_back(parse_share(text.substr(0, comma)));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

std::size_t total(const Mixture& mixture) {
  std::size_t sum = 0;
  for (const auto& share : mixture) sum += share.count;
  return sum;
}

}  // namespace weir::bench
