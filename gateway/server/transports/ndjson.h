// NDJSON: a record a line, an empty line as heartbeat. CONTRACT 4.1, application/x-ndjson.
//
// Purpose    the stream for curl, jq and scripts.
// Thread, Ownership, Limits, Errors   those of StreamSession.
#pragma once

#include "server/transports/stream_session.h"

namespace weir::gateway {

class NdjsonSession final : public StreamSession {
 public:
  using StreamSession::StreamSession;
  std::string_view kind() const override { return "ndjson"; }

 private:
  std::string_view content_type() const override { return "application/x-ndjson"; }
  void append_heartbeat(std::string& out) const override { out += '\n'; }
  void record(const Record& record, std::string_view text, Cursor cursor) override;
  void gap(std::string_view text, Cursor cursor) override;
};

}  // namespace weir::gateway
