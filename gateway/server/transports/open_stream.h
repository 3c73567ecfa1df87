// Opening a stream: what every delivery of /v1/stream has in common before its first record. CONTRACT 4.1.
//
// Purpose    the durable consumer is acknowledged and looked up; `since` becomes a cursor.
// Thread     the server's.
// Ownership  none.
// Limits     limits::consumers_max.
// Errors     as problems: a parameter (400), too many consumers (429).
#pragma once

#include <functional>

#include "base/result.h"
#include "server/loop/host.h"
#include "stream/query.h"
#include "stream/subscription.h"

namespace weir::gateway {

/// Acknowledges what a consumer that comes back says it has. Before subscribe().
Result<void> acknowledge_return(Host& host, const StreamQuery& query);

/// The subscription of a query whose start is no time; a new consumer is entered where it begins.
Subscription subscribe(Host& host, StreamQuery query, bool pages);

/// The query with its `since` resolved; runs on the server's thread if the exchange still is there.
void resolve_since(const Connection& connection, StreamQuery query, std::function<void(Connection&, Result<StreamQuery>)> done);

}  // namespace weir::gateway
