#include "server/loop/exchange.h"

#include <algorithm>

#include "base/limits.h"
#include "server/http/problem.h"
#include "server/loop/connection.h"
#include "server/loop/host.h"

namespace weir::gateway {
namespace {

constexpr std::chrono::seconds stalled_max{30};

}  // namespace

Host& Exchange::host() const { return connection_.host(); }

void Exchange::on_rights_lost() { connection_.respond(problem(401, "the token or session has ended")); }

void Exchange::on_shutdown() { connection_.respond(busy(503, "the gateway is stopping", std::chrono::seconds{5})); }

void SendRest::start() {
  connection().wake_at(host().now() + stalled_max);
  connection().want_writable();
}

void SendRest::on_writable() {
  const std::string_view rest = response_.content().substr(sent_);
  const std::size_t bytes = std::min(rest.size(), limits::write_bytes_max);
  connection().write(rest.substr(0, bytes));
  sent_ += bytes;
  if (bytes == rest.size()) return connection().finish(response_.close);
  start();
}

void SendRest::on_due() { connection().abort(); }

}  // namespace weir::gateway
