#include <algorithm>

#include "base/json.h"
#include "base/limits.h"
#include "server/handlers/handlers.h"
#include "server/http/parameters.h"

namespace weir::gateway {
namespace {

struct Wanted {
  std::string_view device, metric, reason;  // empty: any
  Timestamp since;
  std::uint64_t limit;
};

Result<Wanted> parse_wanted(const Request& request, Timestamp now) {
  if (auto known = check_parameters(request, {"device", "metric", "reason", "since", "limit"}); !known) return known.error();
  const auto since = time_parameter(request, "since", now, Timestamp{});
  if (!since) return since.error();
  const auto limit = whole_parameter(request, "limit", 1, limits::loss_entries_max, limits::page_records_default);
  if (!limit) return limit.error();
  return Wanted{request.parameter("device"), request.parameter("metric"), request.parameter("reason"), *since, *limit};
}

/// A loss is told to whoever may read the records it tells of.
bool may_know(const LossEntry& entry, const Scope& scope) { return scope.has_kind("loss") && scope.has_device(entry.device); }

bool matches(const LossEntry& entry, const Wanted& wanted) {
  const auto same = [](std::string_view asked, const std::string& is) { return asked.empty() || asked == is; };
  return same(wanted.device, entry.device) && same(wanted.metric, entry.metric) && same(wanted.reason, entry.reason) &&
         entry.last >= wanted.since;
}

void append_text(std::string& out, std::string_view member, std::string_view value) {
  if (value.empty()) return;
  out.append(",\"").append(member).append("\":");
  append_json_string(out, value);
}

void append_entry(std::string& out, const LossEntry& entry) {
  out += "{\"where\":";
  append_json_string(out, entry.where);
  append_text(out, "reason", entry.reason);
  append_text(out, "device", entry.device);
  append_text(out, "metric", entry.metric);
  out.append(",\"count\":").append(std::to_string(entry.count));
  append_text(out, "first", format_time(entry.first));
  append_text(out, "last", format_time(entry.last));
  append_text(out, "detail", entry.detail);
  out += '}';
}

}  // namespace

/// Newest first; `total` adds up all that match, also beyond `limit`.
Outcome list_losses(Call& call) {
  const auto wanted = parse_wanted(call.request, call.host.clock().wall());
  if (!wanted) return problem(wanted.error());
  auto entries = call.host.log().losses();
  std::erase_if(entries,
                [&](const LossEntry& entry) { return !may_know(entry, call.principal.scope) || !matches(entry, *wanted); });
  std::stable_sort(entries.begin(), entries.end(), [](const LossEntry& a, const LossEntry& b) { return a.last > b.last; });
  std::uint64_t total = 0;
  for (const LossEntry& entry : entries) total += entry.count;
  entries.resize(std::min<std::size_t>(entries.size(), wanted->limit));
  std::string body = "{\"losses\":[";
  for (const LossEntry& entry : entries) {
    if (body.back() != '[') body += ',';
    append_entry(body, entry);
  }
  return json_response(200, body + "],\"total\":" + std::to_string(total) + "}");
}

}  // namespace weir::gateway
