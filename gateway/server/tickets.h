// Tickets: the right to open one WebSocket, for clients that can't send headers.
//
// Purpose    a page of another origin has a token but no way to put it into a WebSocket's request: it asks for a ticket by
//            fetch, and offers it as the subprotocol `ticket.TICKET`. Not in the URL: those are logged on their way.
// Thread     the server's.
// Ownership  owns the credentials of tickets that were not used; only hashes of the tickets.
// Limits     one use, lifetime, tickets_max at once; further: `full`. Gone with the process.
// Errors     `io` where the system gives no random bytes.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "server/http/request.h"
#include "server/loop/connection.h"

namespace weir::gateway {

class Tickets {
 public:
  static constexpr std::chrono::seconds lifetime{30};
  static constexpr std::size_t tickets_max = 1024;

  /// Opens what the credential opens, and ends with it.
  Result<std::string> make(const Credential& credential, Monotonic now);
  std::optional<Credential> redeem(std::string_view ticket, Monotonic now);

 private:
  struct Ticket {
    Credential credential;
    Monotonic until;
  };
  std::map<std::string, Ticket> tickets_;  // by SHA-256: how long a look-up takes tells nothing of a ticket
};

/// The one among the subprotocols of an upgrade.
std::optional<std::string_view> ticket_in(const Request& request);

}  // namespace weir::gateway
