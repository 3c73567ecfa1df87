// StreamSession: an HTTP answer without an end: NDJSON and SSE.
//
// Purpose    pulls from its subscription whenever the log grows or the socket takes more, one write at a time.
// Thread     the server's.
// Ownership  owns its subscription; the bytes of a write are in the Host's scratch buffer.
// Limits     a write has at most limits::write_bytes_max and one record; a heartbeat after 15 s without one.
// Errors     what can't be read from disk ends the stream: the client comes back with its cursor.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/loop/exchange.h"
#include "server/loop/host.h"
#include "stream/subscription.h"

namespace weir::gateway {

class StreamSession : public Exchange, protected RecordSink {
 public:
  StreamSession(Connection& connection, Subscription subscription);

  void start() final;
  void on_log() final { pump(); }
  std::optional<std::uint64_t> on_log_from(const CrowdStand& stand) final;
  void on_due() final { pump(); }
  void on_writable() final { pump(); }
  void on_rights_lost() final { end("the token or session has ended"); }
  void on_shutdown() final { end("the gateway is stopping"); }

 protected:
  // What a delivery adds.
  virtual std::string_view content_type() const = 0;
  virtual std::string opening() const { return ""; }
  virtual void append_heartbeat(std::string& out) const = 0;
  virtual void append_ended(std::string&) const {}                       // `until` was reached
  virtual void append_farewell(std::string&, std::string_view) const {}  // why it ends

  Format format() const final { return Format::json; }
  std::size_t bytes() const final { return out().size(); }
  std::string& out() const { return host().scratch(); }
  void count_record() { ++records_; }
  const Subscription& subscription() const { return subscription_; }

 private:
  void pump();
  void go_on(Subscription::Next next);
  static std::size_t frame_chunk(std::string& bytes);
  std::string_view flush(bool last);
  void send_shared(const SharedWrites::Write& write);
  void read_cold();
  void go_on_from(const CrowdStand& stand);
  void wait_with_others();
  void end(std::string_view why);
  void set_deadline();

  Subscription subscription_;
  SharedWrites::Member group_;
  Monotonic written_{}, looked_{};
  std::uint64_t records_ = 0;
  bool reading_ = false;
};

}  // namespace weir::gateway
