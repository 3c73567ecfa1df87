// Exchange: a request whose answer is not finished: a stream, a long poll, a push that waits for its commit.
//
// Purpose    what a connection does between the request and the end of the answer; one class each.
// Thread     the server's.
// Ownership  owned by its Connection, which outlives it and ends it when the client goes.
// Limits     its own.
// Errors     answered on the connection. No exception leaves a callback of the loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "server/http/gzip.h"
#include "server/http/response.h"

namespace weir::gateway {

class Connection;
class Host;

/// Where one waits with others of its group (SharedWrites). `flush`: how long what comes may be gathered.
struct CrowdPlace {
  std::uint64_t group = 0, position = 0;
  std::chrono::nanoseconds flush{0};
};

/// What one who leaves a crowd takes along.
struct CrowdStand {
  std::uint64_t position = 0;
  std::optional<Monotonic> flush_due;
  Monotonic written{};  // when the crowd was last sent something
};

class Exchange {
 public:
  explicit Exchange(Connection& connection) : connection_(connection) {}
  virtual ~Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// What /metrics counts it as: "request", "long_poll", "ndjson", "sse", "websocket".
  virtual std::string_view kind() const { return "request"; }

  virtual void start() {}   // once, when it is in place
  virtual void on_log() {}  // the log has grown (for those who follow it)
  /// The same for one that waited in a crowd, and stands here. The result: nothing was to be sent, it stands there now.
  virtual std::optional<std::uint64_t> on_log_from(const CrowdStand&) { return std::nullopt; }
  virtual void on_due() {}                                     // the deadline set with Connection::wake_at()
  virtual void on_writable() {}                                // the socket takes more
  virtual void on_message(std::string_view, bool /*text*/) {}  // a whole WebSocket message
  virtual void on_rights_lost();                               // the credential is no longer good for this
  virtual void on_shutdown();                                  // end soon, politely

 protected:
  Connection& connection() const { return connection_; }
  Host& host() const;

 private:
  Connection& connection_;
};

/// A response that did not fit into one write.
class SendRest final : public Exchange {
 public:
  SendRest(Connection& connection, Response response, std::size_t sent)
      : Exchange(connection), response_(std::move(response)), sent_(sent) {}
  void start() override;
  void on_writable() override;
  void on_due() override;  // no progress for too long
  void on_rights_lost() override {}
  void on_shutdown() override {}

 private:
  Response response_;
  std::size_t sent_;  // of the content
};

/// A long response, compressed a slice in a turn.
class SendGzip final : public Exchange {
 public:
  SendGzip(Connection& connection, std::string head, Response response, Gzips::Lent gzip)
      : Exchange(connection), head_(std::move(head)), response_(std::move(response)), gzip_(std::move(gzip)) {}
  void start() override;
  void on_writable() override;
  void on_due() override;  // no progress for too long
  void on_rights_lost() override {}
  void on_shutdown() override {}

 private:
  std::string head_;  // until it is written, with the first slice
  Response response_;
  Gzips::Lent gzip_;
  std::size_t sent_ = 0;  // of the content
};

/// Waits for a Reply.
class Pending final : public Exchange {
 public:
  using Exchange::Exchange;
  void on_rights_lost() override {}  // what was accepted is answered
  void on_shutdown() override {}
};

}  // namespace weir::gateway
