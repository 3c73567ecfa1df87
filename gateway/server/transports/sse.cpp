#include "server/transports/sse.h"

#include <random>

#include "server/loop/connection.h"

namespace weir::gateway {
namespace {

/// After a restart not everybody comes back in the same moment.
unsigned retry_ms() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_int_distribution<unsigned>{1000, 3000}(random);
}

}  // namespace

void append_sse_event(std::string& out, std::string_view event, Cursor id, std::string_view data) {
  out += "id: ";
  append_cursor(out, id);
  out.append("\nevent: ").append(event).append("\ndata: ").append(data).append("\n\n");
}

SseSession::SseSession(Connection& connection, Subscription subscription) : StreamSession(connection, std::move(subscription)) {}

std::string SseSession::opening() const { return "retry: " + std::to_string(retry_ms()) + "\n\n"; }

/// A comment, and an id without an event: a client whose filter seldom matches resumes from here and not from long ago.
void SseSession::append_heartbeat(std::string& out) const {
  out += ":\nid: ";
  append_cursor(out, subscription().cursor());
  out += "\n\n";
}

/// With the id of `until`: the reconnect says that it was reached, and is answered by 204.
void SseSession::append_ended(std::string& out) const { append_sse_event(out, "end", *subscription().shaping()->until, "{}"); }

void SseSession::append_farewell(std::string& out, std::string_view why) const { out.append(": ").append(why).append("\n\n"); }

void SseSession::record(const Record& record, std::string_view text, Cursor cursor) {
  append_sse_event(out(), to_string(record.kind), cursor, text);
  count_record();
}

void SseSession::gap(std::string_view text, Cursor cursor) { append_sse_event(out(), "gap", cursor, text); }

}  // namespace weir::gateway
