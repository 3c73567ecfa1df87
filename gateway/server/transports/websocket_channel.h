// WebSocketChannel: one subscription of a WebSocket connection, named by the client.
//
// Purpose    turns what its subscription gives into the records of one message.
// Thread     the server's.
// Ownership  owned by its session; owns its subscription.
// Limits     the budget of each pull.
// Errors     none: the session tells them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/transports/message_deflate.h"
#include "server/transports/shared_writes.h"
#include "stream/subscription.h"

namespace weir::gateway {

class Host;

class WebSocketChannel final : private RecordSink {
 public:
  WebSocketChannel(std::string id, std::uint64_t serial, Format format) : id_(std::move(id)), serial_(serial), format_(format) {}

  const std::string& id() const { return id_; }
  std::uint64_t serial() const { return serial_; }  // a client may use an id again

  void open(Host& host, Subscription subscription, bool compressed);
  bool ready() const { return subscription_ && !reading; }
  Subscription& subscription() { return *subscription_; }
  const Subscription& subscription() const { return *subscription_; }
  std::uint64_t group() const { return group_.group(); }
  bool waits_with_others() const { return ready() && !group_.alone() && subscription_->waits_with_others(); }

  /// What another client with the same question was sent from here; null: nothing.
  const SharedWrites::Write* shared(Monotonic now) const;
  /// Appends a frame with what there is, if there is any; null: not compressed.
  Subscription::Next pull(std::string& out, std::size_t bytes_budget, Monotonic now, MessageDeflate* deflate);
  std::size_t records() const { return count_; }  // of the last pull

  bool reading = false;  // waits for the disk
  bool ended = false;    // `until` was reached, and said

 private:
  Format format() const override { return format_; }
  void record(const Record&, std::string_view text, Cursor) override;
  void gap(std::string_view text, Cursor cursor) override;
  std::size_t bytes() const override { return records_.size(); }
  void append_message(std::string& out, MessageDeflate* deflate) const;

  const std::string id_;
  const std::uint64_t serial_;
  const Format format_;
  std::optional<Subscription> subscription_;
  SharedWrites::Member group_;
  std::string records_;
  std::size_t count_ = 0;
};

}  // namespace weir::gateway
