#include "stream/query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/text.h"

namespace weir::gateway {
namespace {

constexpr std::size_t parameters_max = 64;
constexpr std::size_t consumer_bytes_max = 64;
constexpr std::size_t quoted_bytes_max = 40;  // of what a client sent, in a message back to it
constexpr std::uint64_t wait_seconds_max = 60;
constexpr std::uint64_t rate_max = 1'000'000;
constexpr std::chrono::nanoseconds duration_max = std::chrono::hours(24);

Error invalid(std::string_view parameter, std::string_view what) {
  return {ErrorCode::invalid, std::string(parameter) + ": " + std::string(what)};
}

std::string quoted(std::string_view text) {
  return "'" + std::string(text.substr(0, quoted_bytes_max)) + (text.size() > quoted_bytes_max ? "…'" : "'");
}

// --- One parameter each: text -> a member of the query.

struct Draft {
  StreamQuery query;
  std::string kinds, devices, metrics;
  bool has_after = false, has_since = false;
};

Result<std::uint64_t> parse_whole(std::string_view name, std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc{} && stop == end && value >= least && value <= most) return value;
  return invalid(name, quoted(text) + " is not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<Cursor> parse_cursor(std::string_view name, std::string_view text) {
  auto cursor = Cursor::parse(text);
  if (cursor) return cursor;
  return invalid(name, quoted(text) + " is not a cursor such as 5f3a9c01-1234, taken from an earlier answer");
}

Result<void> set_start(StreamQuery& query, std::string_view name, std::string_view text) {
  if (text == "earliest" || text == "now") {
    query.start = text == "now" ? Start::now : Start::earliest;
    return {};
  }
  auto cursor = Cursor::parse(text);
  if (!cursor) {
    return invalid(
        name, quoted(text) + " is neither 'earliest' nor 'now' nor a cursor such as 5f3a9c01-1234, taken from an earlier answer");
  }
  query.start = Start::cursor;
  query.after = *cursor;
  return {};
}

Result<void> set_after(Draft& draft, std::string_view text) {
  draft.has_after = true;
  return set_start(draft.query, "after", text);
}

Result<void> set_since(Draft& draft, std::string_view text) {
  auto time = parse_time(text);
  if (!time) return invalid("since", quoted(text) + ": " + time.error().message);
  draft.has_since = true;
  draft.query.start = Start::time;
  draft.query.since = *time;
  return {};
}

Result<void> set_list(std::string& list, std::string_view name, std::string_view text) {
  if (text.empty()) return invalid(name, "empty; name at least one, or leave the parameter out");
  list = text;
  return {};
}

Result<void> set_kinds(Draft& draft, std::string_view text) { return set_list(draft.kinds, "kinds", text); }
Result<void> set_devices(Draft& draft, std::string_view text) { return set_list(draft.devices, "devices", text); }
Result<void> set_metrics(Draft& draft, std::string_view text) { return set_list(draft.metrics, "metrics", text); }

Result<void> set_limit(Draft& draft, std::string_view text) {
  auto value = parse_whole("limit", text, 1, limits::page_records_max);
  if (!value) return value.error();
  draft.query.limit = static_cast<std::size_t>(*value);
  return {};
}

Result<void> set_wait(Draft& draft, std::string_view text) {
  auto value = parse_whole("wait", text, 0, wait_seconds_max);
  if (!value) return value.error();
  draft.query.wait = std::chrono::seconds(static_cast<std::int64_t>(*value));
  return {};
}

Result<void> set_until(Draft& draft, std::string_view text) {
  auto cursor = parse_cursor("until", text);
  if (!cursor) return cursor.error();
  draft.query.until = *cursor;
  return {};
}

Result<void> set_rate(Draft& draft, std::string_view text) {
  auto value = parse_whole("rate", text, 1, rate_max);
  if (!value) return value.error();
  draft.query.rate = static_cast<unsigned>(*value);
  return {};
}

Result<void> set_consumer(Draft& draft, std::string_view text) {
  if (!is_consumer_name(text))
    return invalid("consumer", quoted(text) + " is not a name of 1 to 64 letters, digits, '.', '_' and '-'");
  draft.query.consumer = text;
  return {};
}

Result<void> set_duration(std::chrono::nanoseconds& duration, std::string_view name, std::string_view text) {
  if (text == "0") text = "0s";
  auto value = parse_duration(text);
  if (!value) return invalid(name, quoted(text) + ": " + value.error().message);
  if (*value > duration_max) return invalid(name, quoted(text) + " is longer than a day, which is the most");
  duration = *value;
  return {};
}

Result<void> set_every(Draft& draft, std::string_view text) { return set_duration(draft.query.every, "every", text); }
Result<void> set_flush(Draft& draft, std::string_view text) { return set_duration(draft.query.flush, "flush", text); }

Result<void> set_lag(Draft& draft, std::string_view text) {
  if (text != "resume" && text != "latest") return invalid("lag", quoted(text) + " is neither 'resume' nor 'latest'");
  draft.query.latest_when_behind = text == "latest";
  return {};
}

Result<void> set_snapshot(Draft& draft, std::string_view text) {
  if (text != "0" && text != "1") return invalid("snapshot", quoted(text) + " is neither 0 nor 1");
  draft.query.snapshot = text == "1";
  return {};
}

// --- The table of parameters.

struct Parameter {
  std::string_view name;
  Result<void> (*set)(Draft&, std::string_view);
};

constexpr std::array<Parameter, 14> table{{{"after", set_after},
                                           {"since", set_since},
                                           {"kinds", set_kinds},
                                           {"devices", set_devices},
                                           {"metrics", set_metrics},
                                           {"limit", set_limit},
                                           {"wait", set_wait},
                                           {"until", set_until},
                                           {"rate", set_rate},
                                           {"consumer", set_consumer},
                                           {"every", set_every},
                                           {"flush", set_flush},
                                           {"lag", set_lag},
                                           {"snapshot", set_snapshot}}};

/// Levenshtein's distance, a row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

Error unknown_parameter(std::string_view name) {
  name = name.substr(0, quoted_bytes_max);
  const auto nearest = std::min_element(table.begin(), table.end(), [name](const Parameter& a, const Parameter& b) {
    return distance(name, a.name) < distance(name, b.name);
  });
  return invalid(name, "no such parameter; the nearest is '" + std::string(nearest->name) + "'");
}

Result<void> apply(Draft& draft, std::array<bool, table.size()>& seen, std::string_view name, std::string_view value) {
  const auto known = std::find_if(table.begin(), table.end(), [name](const Parameter& p) { return p.name == name; });
  if (known == table.end()) return unknown_parameter(name);
  bool& twice = seen[static_cast<std::size_t>(known - table.begin())];
  if (std::exchange(twice, true)) return invalid(name, "given twice; give it once (lists are separated by commas)");
  return known->set(draft, value);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// application/x-www-form-urlencoded, as the URL standard and every client have it.
Result<std::string> decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return Error{ErrorCode::invalid, "query: '%' must be followed by two hexadecimal digits"};
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

/// A member of a subscribe message as the URL would have it.
Result<std::string> as_parameter(const std::string& name, const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  if (value.is_boolean()) return std::string(value.get<bool>() ? "1" : "0");
  return invalid(name, "must be a string, a number or a boolean");
}

}  // namespace

bool is_consumer_name(std::string_view text) {
  constexpr std::string_view marks = "._-";
  const auto allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || marks.find(c) != marks.npos;
  };
  return !text.empty() && text.size() <= consumer_bytes_max && std::all_of(text.begin(), text.end(), allowed);
}

Result<Parameters> parse_url_query(std::string_view query) {
  Parameters parameters;
  if (query.starts_with('?')) query.remove_prefix(1);
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) continue;
    if (parameters.size() == parameters_max) return Error{ErrorCode::invalid, "query: more than 64 parameters"};
    const std::size_t equals = part.find('=');
    auto name = decode(part.substr(0, equals));
    if (!name) return name.error();
    auto value = decode(equals == part.npos ? std::string_view() : part.substr(equals + 1));
    if (!value) return value.error();
    parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

Result<StreamQuery> parse_stream_query(const Parameters& parameters, std::string_view last_event_id) {
  Draft draft;
  std::array<bool, table.size()> seen{};
  for (const auto& [name, value] : parameters) {
    if (auto applied = apply(draft, seen, name, value); !applied) return applied.error();
  }
  if (draft.has_after && draft.has_since) return invalid("since", "contradicts 'after'; give one of the two");
  if (!last_event_id.empty()) {
    if (auto set = set_start(draft.query, "Last-Event-ID", last_event_id); !set) return set.error();
  }
  auto filter = Filter::parse(draft.kinds, draft.devices, draft.metrics);
  if (!filter) return filter.error();
  draft.query.filter = std::move(*filter);
  return std::move(draft.query);
}

Result<StreamQuery> parse_subscribe(const nlohmann::json& message) {
  if (!message.is_object()) return Error{ErrorCode::invalid, "subscribe: must be a JSON object"};
  Parameters parameters;
  for (const auto& [name, value] : message.items()) {
    if (name == "op" || name == "id") continue;
    auto text = as_parameter(name, value);
    if (!text) return text.error();
    if (parameters.size() == parameters_max) return Error{ErrorCode::invalid, "subscribe: more than 64 members"};
    parameters.emplace_back(name, std::move(*text));
  }
  return parse_stream_query(parameters, {});
}

}  // namespace weir::gateway
