// SSE: server-sent events. CONTRACT 4.1; WHATWG HTML section 9.2.
//
// Purpose    the stream for browsers: EventSource comes back by itself and says where it was.
// Thread, Ownership, Limits, Errors   those of StreamSession.
#pragma once

#include <string>
#include <string_view>

#include "log/cursor.h"
#include "server/transports/stream_session.h"

namespace weir::gateway {

/// `data` has no line ends (JSON text has none).
void append_sse_event(std::string& out, std::string_view event, Cursor id, std::string_view data);

class SseSession final : public StreamSession {
 public:
  SseSession(Connection& connection, Subscription subscription);
  std::string_view kind() const override { return "sse"; }

 private:
  std::string_view content_type() const override { return "text/event-stream"; }
  std::string opening() const override;
  void append_heartbeat(std::string& out) const override;
  void append_ended(std::string& out) const override;
  void append_farewell(std::string& out, std::string_view why) const override;
  void record(const Record& record, std::string_view text, Cursor cursor) override;
  void gap(std::string_view text, Cursor cursor) override;
};

}  // namespace weir::gateway
