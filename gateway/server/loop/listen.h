// Listening: one library vhost for each configured address.
//
// Purpose    binds what the configuration names, or says why it can't.
// Thread     the one that creates the server.
// Ownership  the context owns its vhosts.
// Limits     TLS 1.2 and newer; HTTP/1.1 only.
// Errors     the address and the reason; the certificate's or key's path.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "config/config.h"

struct lws_context;

namespace weir::gateway {

/// The ports in the order of `listen`; 0 was replaced by the one given.
Result<std::vector<std::uint16_t>> listen_on(lws_context* context, const ServerOptions& options);

}  // namespace weir::gateway
