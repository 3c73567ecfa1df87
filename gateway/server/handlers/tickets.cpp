#include "server/tickets.h"

#include "base/json.h"
#include "server/handlers/handlers.h"

namespace weir::gateway {

Outcome make_ticket(Call& call) {
  const auto ticket = call.host.tickets().make(call.connection.credential(), call.host.now());
  if (!ticket && ticket.error().code == ErrorCode::full) return busy(503, ticket.error().message, Tickets::lifetime);
  if (!ticket) return problem(ticket.error());
  std::string body = "{\"ticket\":";
  append_json_string(body, *ticket);
  body.append(",\"expires\":\"").append(format_time(call.host.clock().wall() + Tickets::lifetime)).append("\"}");
  return json_response(201, std::move(body));
}

}  // namespace weir::gateway
