#include "server/transports/websocket_channel.h"

#include <limits>

#include "server/transports/websocket_message.h"

namespace weir::gateway {

Subscription::Next WebSocketChannel::pull(std::string& out, std::size_t bytes_budget, Monotonic now) {
  records_.clear();
  count_ = 0;
  const auto next = subscription_->pull(*this, bytes_budget, std::numeric_limits<std::size_t>::max(), now);
  if (count_ > 0) append_frame(out, format_, records_message(format_, id_, subscription_->cursor(), records_, count_));
  records_ = std::string();  // an idle client keeps no buffer
  return next;
}

void WebSocketChannel::record(const Record&, std::string_view text, Cursor) { append_record(records_, format_, text, count_++); }

void WebSocketChannel::gap(std::string_view text, Cursor) { append_record(records_, format_, text, count_++); }

}  // namespace weir::gateway
