// Host: what handlers and exchanges may use of the server.
//
// Purpose    the log, the clock, the connections, and one way back from other threads: post().
// Thread     the server's, but for post() and Reply.
// Ownership  owns the connections. Everything outside is named by id: an answer to a client that has gone is dropped.
// Limits     post(): tasks_max waiting tasks; each belongs to a request or a cold read under way, of which a connection has a
//            bounded number.
// Errors     none.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/pass_phrases.h"
#include "base/log_line.h"
#include "base/mailbox.h"
#include "log/log.h"
#include "server/consumers.h"
#include "server/http/gzip.h"
#include "server/http/hosts.h"
#include "server/loop/connection.h"
#include "server/loop/deadlines.h"
#include "server/loop/followers.h"
#include "server/loop/hangup.h"
#include "server/loop/server_certificate.h"
#include "server/rates.h"
#include "server/refusals.h"
#include "server/server.h"
#include "server/strangers.h"
#include "server/tickets.h"
#include "server/transports/message_deflate.h"
#include "server/transports/shared_writes.h"
#include "stream/encoded.h"

namespace weir::gateway {

struct Counters {
  std::map<unsigned, std::uint64_t> responses;        // by status
  std::map<std::string_view, std::uint64_t> records;  // delivered, by kind of exchange: a literal
  std::uint64_t connections = 0;                      // accepted since start
  std::uint64_t bytes = 0;                            // written
  Refusals refusals;
  std::uint64_t pushed_readings = 0;
};

/// An answer from any thread; copyable. Nothing happens when the client has gone.
class Reply {
 public:
  Reply(Host& host, const Connection& connection) : host_(host), id_(connection.id()), serial_(connection.serial()) {}
  void operator()(Response response) const;
  /// Runs on the server's thread if the exchange that was under way still is.
  void then(std::function<void(Connection&)> task) const;

 private:
  Host& host_;
  std::uint64_t id_, serial_;
};

class Host {
 public:
  static constexpr std::size_t tasks_max = 1U << 20U;

  Host(const ServerContext& context, std::function<void()> signal);
  ~Host();

  Log& log() const { return context_.log; }
  Latest& latest() const { return context_.latest; }
  Access& access() const { return context_.access; }
  Audit& audit() const { return context_.audit; }
  Commands& commands() const { return context_.commands; }
  const Clock& clock() const { return context_.clock; }
  const ServerOptions& options() const { return context_.options; }
  const ServerContext& context() const { return context_; }
  Monotonic now() const { return context_.clock.monotonic(); }
  std::chrono::seconds uptime() const { return std::chrono::duration_cast<std::chrono::seconds>(now() - began_); }
  EncodedBlocks& encoded() { return encoded_; }
  SharedWrites& shared_writes() { return shared_writes_; }
  MessageDeflate& deflate() { return deflate_; }
  Filters& filters() { return filters_; }
  /// A thousand clients with one token hold it once.
  std::shared_ptr<const std::string> same_text(std::string_view text);
  Consumers& consumers() { return consumers_; }
  const Hosts& hosts() const { return hosts_; }
  Tickets& tickets() { return tickets_; }
  Counters& counters() { return counters_; }
  Gzips& gzips() { return gzips_; }
  PassPhraseWorker& pass_phrases() { return pass_phrases_; }
  bool tls() const { return certificate_ != nullptr; }
  ServerCertificate* certificate() const { return certificate_.get(); }  // null: no TLS
  std::optional<Principal> by_certificate(std::string_view common_name) const;
  Result<void> open_certificate();  // what the options name
  bool stopping() const { return stopping_; }
  std::string& scratch() { return scratch_; }  // for one write; cleared by whoever takes it

  void post(std::function<void()> task);  // any thread

  /// Reads records after `after` from disk; `done` runs on the server's thread if the exchange still is there.
  void read_cold(const Connection& connection, std::uint64_t after, std::function<void(Connection&, Result<BlockPtr>)> done);

  // Connections.
  Connection* accept(lws* handle, std::string peer, bool loopback);
  void forget(Connection& connection);
  Connection* find(std::uint64_t id);
  std::size_t connections_at(const std::string& peer) const;
  const std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>& connections() const { return connections_; }
  bool room_for_one_more();                                                 // to be answered at all
  bool join_account(Connection& connection, const std::string& principal);  // false: it has as many as it may
  bool take_request(const Connection& connection);                          // false: its account asks too often
  AddressRates& address_rates() { return address_rates_; }

  // For connections.
  Followers& followers() { return followers_; }
  void again(
      const Connection& connection);  // on_writable() in the next turn: it has more, and its socket is not known to be full
  void retire(std::unique_ptr<Exchange> exchange);  // destroyed when no method of it can be running
  void close_soon(const Connection& connection);    // at the end of a turn
  Deadlines& deadlines() { return deadlines_; }
  HangupWatch& hangups() { return hangups_; }
  Connection* serving = nullptr;  // whose callback is running

  // For the loop.
  void turn(bool log_has_grown);
  void shut_down();
  void end_closing();
  bool idle() const;  // nothing is under way any more
  Monotonic next_deadline() const;
  void clear_retired() { retired_.clear(); }

 private:
  void greet(Connection& connection);
  void follow();
  void tick(Monotonic now);
  void run_tasks();
  void run_again();
  void run_deadlines();
  void end_hung_up();

  const ServerContext context_;
  const std::function<void()> signal_;  // asks for a turn
  Mailbox<std::function<void()>> tasks_;
  EncodedBlocks encoded_;
  SharedWrites shared_writes_;
  MessageDeflate deflate_;
  Filters filters_;
  Consumers consumers_;
  const Hosts hosts_;
  Tickets tickets_;
  Counters counters_;
  Gzips gzips_;  // before the connections: they give back to it
  Deadlines deadlines_;
  HangupWatch hangups_;
  std::unique_ptr<ServerCertificate> certificate_;
  std::string scratch_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::unordered_map<std::string, std::size_t> by_peer_;
  Followers followers_{*this};
  AddressRates address_rates_, arrival_rates_;
  Strangers strangers_;
  Accounts accounts_;
  std::unordered_map<std::string, std::weak_ptr<const std::string>> texts_;
  std::size_t prune_texts_at_ = 64;
  std::vector<std::unique_ptr<Exchange>> retired_;
  std::vector<std::function<void()>> drained_;
  std::vector<std::uint64_t> hung_up_;
  std::vector<std::uint64_t> closing_;
  std::vector<std::uint64_t> again_, again_now_;
  const Monotonic began_ = now();
  std::uint64_t next_id_ = 1;
  std::uint64_t rights_generation_ = 0;
  Monotonic next_tick_{};
  Monotonic next_rights_{};
  bool stopping_ = false;
  bool latest_reading_ = false;
  PassPhraseWorker pass_phrases_;  // the last: its thread posts to this
};

}  // namespace weir::gateway
