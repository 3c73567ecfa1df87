// Origin: which pages in a browser may talk to this gateway. RFC 6454, Fetch metadata.
//
// Purpose    WebSockets and cookie-authenticated writes are not covered by the same-origin policy: the check is ours.
// Thread     pure.
// Limits     none.
// Errors     bool answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::gateway {

/// The page came from this host and scheme (default ports may be written or not).
bool same_origin(std::string_view origin, std::string_view host, bool tls);

/// Exactly one of the configured ones.
bool listed_origin(std::string_view origin, const std::vector<std::string>& origins);

/// For requests that change something and are authenticated by a cookie: a browser must say that its page is ours. Clients
/// that are no browsers use tokens.
bool from_own_page(std::string_view origin, std::string_view fetch_site, std::string_view host, bool tls,
                   const std::vector<std::string>& origins);

}  // namespace weir::gateway
