#include "server/http/negotiate.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/text.h"
#include "server/http/request.h"

namespace weir::gateway {
namespace {

struct Range {
  std::optional<std::size_t> type;  // index into those that are offered
  int weight = 1000;                // thousandths
  int specificity = 0;              // 2: type/subtype, 1: type/*, 0: */*
};

/// "0.5" -> 500; what is not a weight counts as 1, as most servers do.
int parse_weight(std::string_view text) {
  double value = 1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return static_cast<int>(std::clamp(value, 0.0, 1.0) * 1000);
}

std::optional<std::size_t> find_type(std::string_view type, std::span<const MediaType> offered) {
  if (type == "*/*" || type == "*") return 0;
  for (std::size_t i = 0; i < offered.size() && !type.empty(); ++i) {
    if (type == offered[i].name || type == offered[i].group) return i;
  }
  return std::nullopt;
}

Range parse_range(std::string_view text, std::span<const MediaType> offered) {
  Range range;
  const std::string type = media_type(text);
  range.specificity = type == "*/*" || type == "*" ? 0 : type.ends_with("/*") ? 1 : 2;
  range.type = find_type(type, offered);
  for (const std::string_view parameter : split(text, ';')) {
    const std::string_view trimmed = trim(parameter);
    if (trimmed.starts_with("q=") || trimmed.starts_with("Q=")) range.weight = parse_weight(trimmed.substr(2));
  }
  return range;
}

bool better(const Range& a, const Range& b) { return a.weight != b.weight ? a.weight > b.weight : a.specificity > b.specificity; }

}  // namespace

std::optional<std::size_t> negotiate_type(std::string_view accept, std::span<const MediaType> offered) {
  constexpr std::size_t ranges_max = 32;
  if (trim(accept).empty()) return 0;
  auto ranges = split(accept, ',');
  ranges.resize(std::min(ranges.size(), ranges_max));
  std::optional<Range> best;
  for (const std::string_view text : ranges) {
    const Range range = parse_range(text, offered);
    if (range.type && range.weight > 0 && (!best || better(range, *best))) best = range;
  }
  return best ? best->type : std::nullopt;
}

std::optional<Delivery> negotiate(std::string_view accept) {
  static constexpr MediaType deliveries[] = {
      {"application/json", "application/*"}, {"application/x-ndjson", ""}, {"text/event-stream", "text/*"}};
  const auto chosen = negotiate_type(accept, deliveries);
  return chosen ? std::optional(static_cast<Delivery>(*chosen)) : std::nullopt;
}

}  // namespace weir::gateway
