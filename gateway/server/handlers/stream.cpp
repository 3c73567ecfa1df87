#include <utility>

#include "server/handlers/handlers.h"
#include "server/http/negotiate.h"
#include "server/transports/ndjson.h"
#include "server/transports/open_stream.h"
#include "server/transports/page.h"
#include "server/transports/sse.h"

namespace weir::gateway {
namespace {

std::unique_ptr<Exchange> make_exchange(Connection& connection, Delivery delivery, StreamQuery query, std::string if_none_match) {
  Subscription subscription = subscribe(connection.host(), std::move(query), delivery == Delivery::page);
  switch (delivery) {
    case Delivery::page: return std::make_unique<PageExchange>(connection, std::move(subscription), std::move(if_none_match));
    case Delivery::ndjson: return std::make_unique<NdjsonSession>(connection, std::move(subscription));
    case Delivery::sse: return std::make_unique<SseSession>(connection, std::move(subscription));
  }
  return nullptr;
}

/// An EventSource comes back after the end, saying where it was: 204 makes it stay away (WHATWG HTML 9.2.3).
bool ended_before(const StreamQuery& query) {
  return query.until && query.start == Start::cursor && query.after.epoch == query.until->epoch &&
         query.after.seq >= query.until->seq;
}

}  // namespace

Outcome open_stream(Call& call) {
  const auto delivery = negotiate(call.request.accept);
  if (!delivery) return problem(406, "Accept: application/json, application/x-ndjson or text/event-stream");
  auto query = parse_stream_query(call.request.query, call.request.last_event_id);
  if (!query) return problem(query.error());
  const Scope& scope = call.principal.scope;
  if (auto narrowed = query->filter.narrow(scope.kinds, scope.devices); !narrowed) return problem(narrowed.error());
  if (auto acknowledged = acknowledge_return(call.host, *query); !acknowledged) {
    if (acknowledged.error().code != ErrorCode::full) return problem(acknowledged.error());
    call.host.counters().refusals.count(Refusal::consumers);
    return busy(429, acknowledged.error().message, std::chrono::seconds{60});
  }
  if (*delivery == Delivery::sse && ended_before(*query)) return empty_response(204);
  if (query->until && *delivery == Delivery::ndjson) {  // what `weir export` asks for; a stream has no end
    AuditEntry entry = audit_entry(call, "stream.export", "up to " + to_string(*query->until));
    entry.result = "begun as NDJSON";
    call.host.audit().note(std::move(entry));
  }
  auto& known = call.request.if_none_match;
  if (query->start != Start::time) return make_exchange(call.connection, *delivery, std::move(*query), std::move(known));
  resolve_since(call.connection, std::move(*query), [delivery, known](Connection& there, Result<StreamQuery> resolved) {
    if (!resolved) return there.respond(problem(resolved.error()));
    there.begin(make_exchange(there, *delivery, std::move(*resolved), known));
  });
  return std::make_unique<Pending>(call.connection);
}

}  // namespace weir::gateway
