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

void Exchange::on_shutdown() { connection_.respond(busy(503, "the gateway is stopping", retry_between(1, 5))); }

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

void SendGzip::start() {
  connection().wake_at(host().now() + stalled_max);
  connection().want_more();
}

void SendGzip::on_writable() {
  const std::string_view slice = response_.content().substr(sent_, Gzips::slice_bytes);
  sent_ += slice.size();
  const bool last = sent_ == response_.content().size();
  std::string data;
  gzip_->append(data, slice, last ? Gzip::Flush::finish : Gzip::Flush::none);
  host().gzips().count(slice.size(), data.size());
  std::string bytes = std::exchange(head_, std::string());
  append_chunk(bytes, data);
  if (last) bytes += last_chunk;
  connection().write(bytes);
  if (connection().closing()) return;
  if (last) return connection().finish(response_.close);
  start();
}

void SendGzip::on_due() { connection().abort(); }

}  // namespace weir::gateway
