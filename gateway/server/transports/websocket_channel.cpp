#include "server/transports/websocket_channel.h"

#include <limits>

#include "server/loop/host.h"
#include "server/transports/websocket_message.h"

namespace weir::gateway {

void WebSocketChannel::open(Host& host, Subscription subscription, bool compressed) {
  subscription_.emplace(std::move(subscription));
  const std::string kind = format_ == Format::json ? "websocket json" : "websocket cbor";
  group_ = host.shared_writes().join(kind + (compressed ? " deflate\n" : "\n") + id_ + '\n' +
                                     std::to_string(subscription_->flush().count()) + '\n' + subscription_->filter().key());
}

const SharedWrites::Write* WebSocketChannel::shared(Monotonic now) const {
  const auto from = group_.alone() ? std::nullopt : subscription_->common_position(now);
  return from ? group_.find(*from) : nullptr;
}

void WebSocketChannel::append_message(std::string& out, MessageDeflate* deflate) const {
  const std::string message = records_message(format_, id_, subscription_->cursor(), records_, count_);
  const std::string_view compressed = deflate == nullptr ? std::string_view() : deflate->compress(message);
  append_frame(out, format_, compressed.empty() ? message : compressed, !compressed.empty());
}

Subscription::Next WebSocketChannel::pull(std::string& out, std::size_t bytes_budget, Monotonic now, MessageDeflate* deflate) {
  records_.clear();
  count_ = 0;
  const auto from = group_.alone() ? std::nullopt : subscription_->common_position(now);
  const auto begin = out.size();
  const auto next = subscription_->pull(*this, bytes_budget, std::numeric_limits<std::size_t>::max(), now);
  if (count_ > 0) append_message(out, deflate);
  records_ = std::string();  // an idle client keeps no buffer
  if (from && subscription_->position() > *from) group_.keep(*from, {out.substr(begin), subscription_->position(), count_});
  return next;
}

void WebSocketChannel::record(const Record&, std::string_view text, Cursor) { append_record(records_, format_, text, count_++); }

void WebSocketChannel::gap(std::string_view text, Cursor) { append_record(records_, format_, text, count_++); }

}  // namespace weir::gateway
