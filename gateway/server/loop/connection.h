// Connection: one client's socket, and what it is doing.
//
// Purpose    the only place that writes to a socket. What is under way is its Exchange.
// Thread     the server's.
// Ownership  owned by the Host; owns its Exchange. The library's handle is valid until the Host forgets the connection.
// Limits     never a second write while a part of one is pending: a client that does not read costs the rest of one write
//            (limits::write_bytes_max and a record) and its socket buffer.
// Errors     a failed write ends the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "access/access.h"
#include "base/time.h"
#include "server/http/coding.h"
#include "server/http/request.h"
#include "server/http/response.h"
#include "server/loop/exchange.h"

struct lws;

namespace weir::gateway {

struct Account;
struct Call;

/// What the library took off the socket of a WebSocket message: at most a frame.
struct MessagePart {
  std::string_view bytes;
  bool text, begins_message, ends_frame, ends_message;
  bool rsv1;  // of the frame
};

/// Who asked, so that a live stream can be asked about again.
struct Credential {
  enum class Kind : std::uint8_t { none, token, session, certificate } kind = Kind::none;
  Right needs = Right::read;
  std::shared_ptr<const std::string> secret;  // of Host::same_text(); a certificate's common name
  std::uint32_t rights = 0;                   // mark_of() whom it stood for when the request came
};

class Connection {
 public:
  /// `peer` is the Host's, and stays until the connection is forgotten.
  Connection(Host& host, lws* handle, std::uint64_t id, const std::string& peer, bool loopback);
  ~Connection();

  Host& host() const { return host_; }
  std::uint64_t id() const { return id_; }
  std::uint64_t serial() const { return serial_; }   // changes with each exchange
  const std::string& peer() const { return peer_; }  // whom limits count: an address, of IPv6 its network of 64 bits
  std::string address() const;                       // all of it
  bool loopback() const { return loopback_; }
  bool forwarded() const { return forwarded_; }  // the request, by a proxy
  Exchange* exchange() const { return exchange_.get(); }
  const Credential& credential() const { return credential_; }
  std::optional<Principal> principal() const;  // who the credential stands for now

  // A request. receive() answers, or begins an exchange, or waits for the body.
  void receive(Request&& request);
  void receive_body(std::string_view bytes);
  void body_complete();
  bool receive_upgrade(Request&& request);  // true: a WebSocket session stands ready
  void websocket_open();
  void receive_frame(const MessagePart& part);

  // For exchanges.
  void respond(Response response);
  void begin(std::unique_ptr<Exchange> exchange);
  void begin_stream(const Response& response, std::string_view first);  // the head of an answer without an end
  bool can_write() const;                                               // nothing of an earlier write is pending
  bool peer_is_lost() const;                                            // it has acknowledged nothing for long
  void write(std::string_view bytes);                                   // bytes on the wire, as they are
  void want_writable();
  void want_more();            // writable() in the next turn, or when the socket takes more
  void wake_at(Monotonic at);  // replaces the one before
  void wake_never() { due_ = never; }
  void follow_log();
  void finish(bool close);  // the answer is complete
  void close_websocket(unsigned code, std::string_view reason);
  void abort();  // at once

  bool head_only() const { return head_only_; }
  bool chunks() const { return chunks_; }
  Coding coding() const { return coding_; }    // what the request allows
  bool deflates() const { return deflates_; }  // messages may be compressed, both ways
  void use_deflate() { deflates_ = true; }
  void hold(Credential credential) { credential_ = std::move(credential); }

  // For the loop.
  void writable();
  void due(Monotonic entry);
  void ask_rights();
  void close_now();  // outside of callbacks of this connection; it may be gone afterwards
  void detach();     // the handle is going
  enum class Verdict : std::uint8_t { stay, completed, close };
  Verdict take_verdict();
  bool closing() const { return closing_ || close_ != nullptr; }
  static constexpr std::uint32_t follows_nothing = ~std::uint32_t{0};
  std::uint32_t follower_index = follows_nothing;  // of Followers: among those who are alone, or in its crowd
  std::uint64_t crowd = 0;                         // of Followers; 0: in none
  Account* account = nullptr;                      // the Host's: of the last credential that was good

 private:
  void take_head(Request&& request);
  void run_call();
  void end_exchange();
  void watch_hangup(bool on);
  void conclude(Verdict verdict);
  void await_request();
  void arm(Monotonic at);
  bool came_early() const;
  bool head_is_long(const Request& request) const;
  bool check_part(const MessagePart& part);
  void message_complete(bool text);
  void offered_more();
  void close_too_long();
  void send_close();
  bool respond_gzipped(Response& response);

  Host& host_;
  lws* handle_;
  const std::uint64_t id_;
  const std::string& peer_;
  const bool loopback_;
  bool forwarded_ = false;
  bool head_only_ = false;
  bool chunks_ = true;
  Coding coding_ = Coding::identity;
  bool awaits_body_ = false;
  bool has_body_ = false;
  bool watched_ = false;
  bool closing_ = false;
  bool again_ = false;  // the Host has it in its list
  bool websocket_ = false;
  bool answered_ = false;  // a request
  Verdict verdict_ = Verdict::stay;
  bool deflates_ : 1 = false;
  bool compressed_ : 1 = false;  // the message that comes in
  bool mid_frame_ : 1 = false;
  std::uint64_t serial_ = 0;
  std::unique_ptr<Exchange> exchange_;
  std::unique_ptr<Call> call_;  // while its body comes in
  // What an idle client seldom has is elsewhere: there are thousands of them.
  struct Close {
    unsigned code;
    std::string reason;
  };
  std::unique_ptr<Close> close_;          // of a WebSocket that is to end
  std::unique_ptr<std::string> message_;  // of a WebSocket, while its fragments come in
  std::unique_ptr<std::string> cors_;     // headers for a page of another origin
  Credential credential_;
  static constexpr Monotonic never = Monotonic::max();
  Monotonic due_ = never, armed_ = never;
  Monotonic offered_ = never;  // what came behind the body, first
  static constexpr std::uint64_t untold = ~std::uint64_t{0};
  std::uint64_t taken_ = untold;  // bytes off the socket, when a request was answered last
};

}  // namespace weir::gateway
