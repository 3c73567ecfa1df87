#include "server/handlers/handlers.h"
#include "server/http/parameters.h"

namespace weir::gateway {
namespace {

constexpr std::uint64_t seq_max = 9'007'199'254'740'991;  // what every JSON reader keeps exactly

Result<AuditQuery> parse_query(const Request& request) {
  AuditQuery query;
  query.newest_first = request.parameter("after").empty();
  if (!query.newest_first && !request.parameter("before").empty())
    return invalid_parameter("before", "goes without `after`: it is for the newest first");
  const auto after = whole_parameter(request, "after", 0, seq_max, 0);
  if (!after) return after.error();
  const auto before = whole_parameter(request, "before", 1, seq_max, 0);
  if (!before) return before.error();
  const auto limit = whole_parameter(request, "limit", 1, audit_limits::page_max, query.limit);
  if (!limit) return limit.error();
  query.after = *after;
  query.before = *before;
  query.limit = *limit;
  query.who = request.parameter("who");
  query.action = request.parameter("action");
  query.target = request.parameter("target");
  return query;
}

/// The rows as they are on disk: whoever has them can verify them.
Response document(const AuditPage& page, bool newest_first) {
  std::string body = "{\"entries\":[";
  for (const std::string& row : page.rows) body.append(body.back() == '[' ? "" : ",").append(row);
  body += ']';
  if (page.more) body.append(newest_first ? ",\"before\":" : ",\"after\":").append(std::to_string(page.next));
  return json_response(200, body.append(",\"more\":").append(page.more ? "true}" : "false}"));
}

}  // namespace

Outcome list_audit(Call& call) {
  const auto query = parse_query(call.request);
  if (!query) return problem(query.error());
  call.host.audit().read(*query, [reply = Reply(call.host, call.connection), newest_first = query->newest_first](auto page) {
    reply(page ? document(*page, newest_first) : problem(page.error()));
  });
  return std::make_unique<Pending>(call.connection);
}

}  // namespace weir::gateway
