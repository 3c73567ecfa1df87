#include "server/tickets.h"

#include "access/secrets.h"
#include "base/text.h"

namespace weir::gateway {

Result<std::string> Tickets::make(const Credential& credential, Monotonic now) {
  std::erase_if(tickets_, [now](const auto& each) { return each.second.until <= now; });
  if (tickets_.size() >= tickets_max) {
    return Error{ErrorCode::full, "1024 tickets wait to be used: open the WebSockets, or try again in 30 s"};
  }
  auto ticket = random_secret();
  if (ticket) tickets_[hash_of(*ticket)] = {credential, now + lifetime};
  return ticket;
}

std::optional<Credential> Tickets::redeem(std::string_view ticket, Monotonic now) {
  const auto found = tickets_.find(hash_of(ticket));
  if (found == tickets_.end()) return std::nullopt;
  const Ticket taken = std::move(found->second);
  tickets_.erase(found);
  return taken.until > now ? std::optional(taken.credential) : std::nullopt;
}

std::optional<std::string_view> ticket_in(const Request& request) {
  constexpr std::string_view prefix = "ticket.";
  if (request.upgrade.empty() || request.websocket_protocols.empty()) return std::nullopt;
  for (const std::string_view offered : split(request.websocket_protocols, ',')) {
    if (trim(offered).starts_with(prefix)) return trim(offered).substr(prefix.size());
  }
  return std::nullopt;
}

}  // namespace weir::gateway
