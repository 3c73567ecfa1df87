// The WebSocket extension permessage-deflate, as far as the library has to know of it. RFC 6455 section 9, RFC 7692.
//
// Purpose    the library lets RSV1 pass where an extension is active, and announces it. This one does nothing with the bytes:
//            they come in as they are (Connection expands whole messages), and go out in frames of our own.
// Thread     the server's.
// Ownership  nothing for each connection, so unlike the library's own it costs an idle one no memory.
// Limits     no window outlives its message, in both directions, and that is announced.
// Errors     a library without extensions: none() says so.
#pragma once

struct lws;
struct lws_context_creation_info;

namespace weir::gateway {

/// Offers the extension where this vhost is asked; false: the library was built without.
bool offer_deflate(lws_context_creation_info& info);

/// LWS_CALLBACK_CONFIRM_EXTENSION_OKAY: whether the client's offer is one that is taken.
bool takes_offer(lws* handle);

/// LWS_CALLBACK_ADD_HEADERS, right behind the line that announces the extension: completes it. False: it is not there.
bool announce(void* arguments);

}  // namespace weir::gateway
