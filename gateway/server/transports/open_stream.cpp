#include "server/transports/open_stream.h"

#include <utility>

namespace weir::gateway {
namespace {

void log_failure(const Result<Committed>& result) {
  if (!result) log_line(Severity::warning, "server", "a consumer's cursor was not kept: " + result.error().message);
}

}  // namespace

Result<void> acknowledge_return(Host& host, const StreamQuery& query) {
  if (query.consumer.empty()) return {};
  if (auto possible = host.consumers().check(query.consumer, std::nullopt); !possible) return possible;
  const bool ours =
      query.start == Start::cursor && query.after.epoch == host.log().epoch() && query.after.seq <= host.log().head();
  if (!ours) return {};  // a cursor of another log acknowledges nothing here
  return host.consumers().acknowledge(query.consumer, query.after.seq, log_failure);
}

Subscription subscribe(Host& host, StreamQuery query, bool pages) {
  const std::string consumer = query.consumer;
  query.filter = host.filters().same(std::move(query.filter));
  const auto acknowledged = consumer.empty() ? std::nullopt : host.consumers().acknowledged(consumer);
  Subscription subscription(host.log(), host.latest(), host.encoded(), std::move(query), pages, acknowledged);
  if (!consumer.empty() && !acknowledged) {
    const auto entered = host.consumers().acknowledge(consumer, subscription.cursor().seq, log_failure);
    if (!entered) log_failure(entered.error());
  }
  return subscription;
}

void resolve_since(const Connection& connection, StreamQuery query, std::function<void(Connection&, Result<StreamQuery>)> done) {
  Host& host = connection.host();
  const Timestamp since = query.since;
  host.log().find_time(since, [reply = Reply(host, connection), query = std::move(query), done = std::move(done),
                               epoch = host.log().epoch()](Result<std::uint64_t> seq) {
    reply.then([query, done, epoch, seq = std::move(seq)](Connection& there) {
      if (!seq) return done(there, seq.error());
      StreamQuery resolved = query;
      resolved.start = Start::cursor;
      resolved.after = {epoch, *seq};
      done(there, std::move(resolved));
    });
  });
}

}  // namespace weir::gateway
