#include "server/transports/stream_session.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/limits.h"
#include "server/loop/connection.h"

namespace weir::gateway {
namespace {

constexpr std::chrono::seconds heartbeat_interval{15};
constexpr std::chrono::seconds look_interval{5};  // for whether the client is still there: found within 35 s
constexpr std::size_t headroom = 24;              // the head of a chunk is put before its data

}  // namespace

StreamSession::StreamSession(Connection& connection, Subscription subscription)
    : Exchange(connection), subscription_(std::move(subscription)) {}

void StreamSession::start() {
  Response head;
  head.with("Content-Type", content_type()).with("Weir-Cursor", to_string(subscription_.cursor()));
  head.with("X-Accel-Buffering", "no");  // nginx in front: don't hold it back
  connection().begin_stream(head, opening());
  written_ = host().now();
  if (connection().head_only()) return connection().finish(true);
  group_ = host().shared_writes().join(std::string(kind()) + (connection().chunks() ? "" : " whole") + '\n' +
                                       std::to_string(subscription_.flush().count()) + '\n' + subscription_.filter().key());
  connection().follow_log();
  pump();
}

/// One write in a turn: from the wake-up when the socket takes it, otherwise when the library says that it does.
void StreamSession::pump() {
  if (const auto stand = host().followers().leave_crowd(connection())) go_on_from(*stand);
  const Monotonic now = host().now();
  if (now - looked_ >= look_interval) {
    looked_ = now;
    if (connection().peer_is_lost()) return connection().abort();
  }
  if (reading_ || !connection().can_write()) return set_deadline();
  const auto from = group_.alone() ? std::nullopt : subscription_.common_position(now);
  if (const auto* write = from ? group_.find(*from) : nullptr) return send_shared(*write);
  out().assign(headroom, ' ');
  const auto next = subscription_.pull(*this, limits::write_bytes_max, std::numeric_limits<std::size_t>::max(), now);
  const bool nothing = out().size() == headroom;
  if (nothing && now - written_ >= heartbeat_interval) append_heartbeat(out());
  if (next == Subscription::Next::ended) append_ended(out());
  const auto records = records_;
  const std::string_view written = flush(next == Subscription::Next::ended);
  if (from && subscription_.position() > *from)
    group_.keep(*from, {std::string(nothing ? std::string_view() : written), subscription_.position(), records});
  go_on(next);
}

void StreamSession::send_shared(const SharedWrites::Write& write) {
  if (!write.bytes.empty()) written_ = host().now();
  host().counters().records[kind()] += write.records;
  connection().write(write.bytes);
  go_on(subscription_.advance(write.to));
}

void StreamSession::go_on(Subscription::Next next) {
  if (connection().closing()) return;
  switch (next) {
    case Subscription::Next::more: connection().want_more(); break;
    case Subscription::Next::cold: read_cold(); break;
    case Subscription::Next::ended: return connection().finish(!connection().chunks());
    case Subscription::Next::caught_up: wait_with_others(); break;
    case Subscription::Next::later: break;
  }
  set_deadline();
}

void StreamSession::wait_with_others() {
  if (!group_.alone() && subscription_.waits_with_others())
    host().followers().join_crowd(connection(), {group_.group(), subscription_.position(), subscription_.flush()});
}

void StreamSession::go_on_from(const CrowdStand& stand) {
  subscription_.advance(stand.position, stand.flush_due);
  written_ = std::max(written_, stand.written);
}

std::optional<std::uint64_t> StreamSession::on_log_from(const CrowdStand& stand) {
  go_on_from(stand);
  const auto written = host().counters().bytes;
  pump();
  const bool nothing = host().counters().bytes == written && connection().exchange() == this && subscription_.waits_with_others();
  return nothing && !group_.alone() ? std::optional(subscription_.position()) : std::nullopt;
}

/// Puts the head of the chunk before its data. RFC 9112 section 7.1.
std::size_t StreamSession::frame_chunk(std::string& bytes) {
  if (bytes.size() == headroom) return headroom;  // an empty chunk would be the last
  const std::string head = chunk_head(bytes.size() - headroom);
  const std::size_t begin = headroom - head.size();
  std::copy(head.begin(), head.end(), bytes.begin() + static_cast<std::ptrdiff_t>(begin));
  bytes += chunk_tail;
  return begin;
}

/// What was written is in out() until the next write.
std::string_view StreamSession::flush(bool last) {
  std::string& bytes = out();
  if (records_ > 0) host().counters().records[kind()] += std::exchange(records_, 0);
  const std::size_t begin = connection().chunks() ? frame_chunk(bytes) : headroom;
  if (last && connection().chunks()) bytes += last_chunk;
  const auto written = std::string_view(bytes).substr(begin);
  if (written.empty()) return written;
  written_ = host().now();
  connection().write(written);
  return written;
}

void StreamSession::read_cold() {
  reading_ = true;
  host().read_cold(connection(), subscription_.cold_request(), [](Connection& there, Result<BlockPtr> block) {
    auto* session = dynamic_cast<StreamSession*>(there.exchange());
    if (session == nullptr) return;
    session->reading_ = false;
    if (!block) return session->end(block.error().message);
    session->subscription_.feed(std::move(*block));
    session->pump();
  });
}

void StreamSession::set_deadline() {
  if (connection().closing()) return;
  Monotonic at = std::max(written_, host().now() - heartbeat_interval + std::chrono::seconds(1)) + heartbeat_interval;
  if (const auto wake = subscription_.wake_at(); wake && connection().can_write()) at = std::min(at, *wake);
  connection().wake_at(at);
}

void StreamSession::end(std::string_view why) {
  if (!connection().can_write()) return connection().abort();
  out().assign(headroom, ' ');
  append_farewell(out(), why);
  flush(true);
  connection().finish(true);
}

}  // namespace weir::gateway
