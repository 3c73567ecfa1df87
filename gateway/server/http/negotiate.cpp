#include "server/http/negotiate.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "server/http/coding.h"
#include "server/http/request.h"

namespace weir::gateway {
namespace {

constexpr std::size_t ranges_max = 32;

struct Range {
  std::optional<std::size_t> type;  // index into those that are offered
  int weight = 1000;                // thousandths
  int specificity = 0;              // 2: type/subtype, 1: type/*, 0: */*
};

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
  range.weight = weight_of(text);
  return range;
}

bool better(const Range& a, const Range& b) { return a.weight != b.weight ? a.weight > b.weight : a.specificity > b.specificity; }

}  // namespace

std::optional<std::size_t> negotiate_type(std::string_view accept, std::span<const MediaType> offered) {
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
