#include "server/transports/ndjson.h"

namespace weir::gateway {

void NdjsonSession::record(const Record&, std::string_view text, Cursor) {
  out().append(text).append("\n");
  count_record();
}

void NdjsonSession::gap(std::string_view text, Cursor) { out().append(text).append("\n"); }

}  // namespace weir::gateway
