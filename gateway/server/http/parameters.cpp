#include "server/http/parameters.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "base/text.h"

namespace weir::gateway {
namespace {

constexpr std::size_t quoted_bytes_max = 40;  // of what a client sent, in a message back to it
constexpr Timestamp earliest = from_nanoseconds(0);
constexpr Timestamp latest = from_nanoseconds(std::int64_t{7'258'118'400} * 1'000'000'000);  // 2200

std::string quoted(std::string_view text) {
  return "'" + std::string(text.substr(0, quoted_bytes_max)) + (text.size() > quoted_bytes_max ? "…'" : "'");
}

std::string list_of(const std::vector<std::string_view>& names) {
  std::string list;
  for (const std::string_view name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list.empty() ? "none" : list;
}

Result<void> check(const Request& request, const std::vector<std::string_view>& known) {
  for (auto at = request.query.begin(); at != request.query.end(); ++at) {
    const std::string& name = at->first;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return invalid_parameter(name, "no such parameter; there are " + list_of(known));
    }
    const bool before = std::any_of(request.query.begin(), at, [&](const auto& other) { return other.first == name; });
    if (before) return invalid_parameter(name, "given twice; give it once");
  }
  return {};
}

Result<Timestamp> parse_moment(std::string_view text, Timestamp now) {
  if (text == "now") return now;
  if (!text.starts_with('-')) return parse_time(text);
  const auto back = parse_duration(text.substr(1));
  if (!back) return back.error();
  return now - std::min<std::chrono::nanoseconds>(*back, now - earliest);
}

}  // namespace

Error invalid_parameter(std::string_view name, std::string_view what) {
  return {ErrorCode::invalid, std::string(name.substr(0, quoted_bytes_max)) + ": " + std::string(what)};
}

Result<void> check_parameters(const Request& request, std::initializer_list<std::string_view> known) {
  return check(request, {known.begin(), known.end()});
}

Result<void> check_parameters(const Request& request, std::string_view known) {
  return check(request, known.empty() ? std::vector<std::string_view>() : split(known, ','));
}

Result<std::uint64_t> whole_parameter(const Request& request, std::string_view name, std::uint64_t least, std::uint64_t most,
                                      std::uint64_t otherwise) {
  const std::string_view text = request.parameter(name);
  if (text.empty()) return otherwise;
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc{} && stop == end && value >= least && value <= most) return value;
  return invalid_parameter(name,
                           quoted(text) + " is not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<Timestamp> time_parameter(const Request& request, std::string_view name, Timestamp now, Timestamp otherwise) {
  const std::string_view text = request.parameter(name);
  const auto time = text.empty() ? Result<Timestamp>(otherwise) : parse_moment(text, now);
  if (time) return std::clamp(*time, earliest, latest);
  return invalid_parameter(name, quoted(text) + ": " + time.error().message + "; or a duration back from now as -24h");
}

}  // namespace weir::gateway
