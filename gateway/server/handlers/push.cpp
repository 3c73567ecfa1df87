#include "decoders/push.h"

#include <array>
#include <utility>

#include "base/limits.h"
#include "server/handlers/handlers.h"

namespace weir::gateway {
namespace {

struct MediaType {
  std::string_view name;
  Result<std::vector<Reading>> (*parse)(std::string_view body);
};

constexpr std::array<MediaType, 2> media_types{{
    {"application/json", firmware::parse_push_json},
    {"application/x-ndjson", firmware::parse_push_ndjson},
}};

Response unsupported() {
  std::string known;
  for (const MediaType& type : media_types) known.append(known.empty() ? "" : ", ").append(type.name);
  return problem(415, "Content-Type: known are " + known).with("Accept-Post", known);
}

Result<std::vector<Reading>> parse_body(const MediaType& type, const Request& request) {
  if (request.idempotency_key.size() > limits::idempotency_key_bytes_max) {
    return Error{ErrorCode::invalid, "Idempotency-Key: may have 255 bytes"};
  }
  return type.parse(request.body);
}

Response answer(const Result<Committed>& committed, std::uint32_t epoch) {
  if (!committed) return problem(committed.error());
  std::string body = "{\"accepted\":" + std::to_string(committed->accepted) + ",\"cursor\":\"";
  append_cursor(body, {epoch, committed->last});
  return json_response(200, body += "\"}");
}

std::optional<Response> beyond_scope(const Principal& who, const std::vector<Reading>& readings) {
  if (!who.scope.has_kind("reading")) return problem(403, who.name + " is limited to other kinds than readings");
  for (const Reading& reading : readings) {
    if (!who.scope.has_device(reading.device)) return problem(403, who.name + " may not push readings of " + reading.device);
  }
  return std::nullopt;
}

/// The key is the client's own: two clients that choose the same don't meet.
std::string scoped_key(const Call& call) {
  return call.request.idempotency_key.empty() ? "" : "push " + call.principal.name + " " + call.request.idempotency_key;
}

}  // namespace

Outcome push_readings(Call& call) {
  const std::string given = media_type(call.request.content_type);
  const auto type =
      std::find_if(media_types.begin(), media_types.end(), [&](const MediaType& known) { return known.name == given; });
  if (type == media_types.end()) return unsupported();
  auto readings = parse_body(*type, call.request);
  if (!readings) return problem(readings.error());
  if (auto refused = beyond_scope(call.principal, *readings)) return std::move(*refused);
  Append append;
  append.delivery.reader = "push";
  append.delivery.readings = std::move(*readings);
  append.idempotency_key = scoped_key(call);
  const auto queued = call.host.log().append(
      std::move(append), [reply = Reply(call.host, call.connection), &host = call.host](const Result<Committed>& committed) {
        reply(answer(committed, host.log().epoch()));
      });
  if (!queued) return problem(queued.error());
  return std::make_unique<Pending>(call.connection);
}

}  // namespace weir::gateway
