// Callbacks: the one door between libwebsockets and this server.
//
// Purpose    turns the library's reasons into calls of Host and Connection, and their verdicts into its return values.
// Thread     the server's.
// Ownership  none.
// Limits     none.
// Errors     an exception ends its connection; none crosses the library.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

struct lws_protocols;

namespace weir::gateway {

class Host;

/// What the library's context carries.
struct LoopState {
  Host* host = nullptr;
  std::atomic<bool> signalled{false};  // a turn is asked for
  std::atomic<bool> grown{false};      // the log has grown
  std::function<void()> turn;
};

/// "http" (and WebSockets that name no subprotocol), weir.v1.json, weir.v1.cbor; ends with an empty one.
const lws_protocols* protocol_table();

}  // namespace weir::gateway
