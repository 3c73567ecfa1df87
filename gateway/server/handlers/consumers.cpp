#include <nlohmann/json.hpp>

#include "base/json.h"
#include "server/handlers/handlers.h"

namespace weir::gateway {
namespace {

void append_consumer(std::string& out, const std::string& name, Cursor cursor, std::uint64_t head) {
  out += "{\"name\":";
  append_json_string(out, name);
  out += ",\"cursor\":\"";
  append_cursor(out, cursor);
  out += "\",\"lag\":" + std::to_string(head - std::min(head, cursor.seq)) + '}';
}

CommitHandler answer_with(Call& call, Response response) {
  return [reply = Reply(call.host, call.connection), response = std::move(response)](const Result<Committed>& committed) {
    reply(committed ? response : problem(committed.error()));
  };
}

Result<Cursor> parse_acknowledgement(std::string_view text) {
  const auto body = parse_json(text);
  if (!body) return body.error();
  const auto cursor = body->find("cursor");
  if (!body->is_object() || cursor == body->end() || !cursor->is_string()) {
    return Error{ErrorCode::invalid, "send {\"cursor\":\"…\"}, taken from an earlier answer"};
  }
  return Cursor::parse(cursor->get<std::string>());
}

}  // namespace

Outcome list_consumers(Call& call) {
  const Log& log = call.host.log();
  std::string body = "{\"consumers\":[";
  for (const auto& [name, seq] : call.host.consumers().all()) {
    if (body.back() != '[') body += ',';
    append_consumer(body, name, {log.epoch(), seq}, log.head());
  }
  return json_response(200, body += "]}");
}

Outcome put_consumer(Call& call) {
  const std::string& name = call.request.subject;
  const auto cursor = parse_acknowledgement(call.request.body);
  if (!cursor) return problem(cursor.error());
  if (const auto possible = call.host.consumers().check(name, *cursor); !possible) {
    if (possible.error().code != ErrorCode::full) return problem(possible.error());
    call.host.counters().refusals.count(Refusal::consumers);
    return busy(429, possible.error().message, std::chrono::seconds{60});
  }
  std::string body;
  append_consumer(body, name, *cursor, call.host.log().head());
  const auto queued =
      call.host.consumers().acknowledge(name, cursor->seq, answer_with(call, json_response(200, std::move(body))));
  if (!queued) return problem(queued.error());
  return std::make_unique<Pending>(call.connection);
}

Outcome delete_consumer(Call& call) {
  const std::string& name = call.request.subject;
  if (!call.host.consumers().acknowledged(name)) return problem(404, "no durable consumer has this name");
  const auto queued = call.host.consumers().forget(name, answer_with(call, empty_response(204)));
  if (!queued) return problem(queued.error());
  return std::make_unique<Pending>(call.connection);
}

}  // namespace weir::gateway
