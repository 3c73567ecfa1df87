// Connection: one client of a server under load.
//
// Purpose    asks for one delivery and takes records out of whatever pieces arrive.
// Thread     belongs to the loop of the load generator.
// Ownership  owns its socket and what is not complete yet; refers to its Request, to the scanner and to the scratch space.
// Limits     an event, a message or a page has to fit into the scratch space.
// Errors     std::runtime_error where the server refuses the client, or sends what is no HTTP or too long.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "load/http.h"
#include "load/kind.h"
#include "load/order.h"
#include "load/record_scanner.h"

namespace weir::bench {

enum class Role : std::uint8_t { reader, idle, deaf };

/// What clients of a role ask for, and of whom.
struct Request {
  std::string host;
  std::uint16_t port = 0;
  std::string token;     // empty: none
  std::string target;    // path and query
  bool generic = false;  // long polling goes on by validators (RFC 9110 section 13), as Nchan does, not by Weir's cursors
};

class Connection {
 public:
  Connection(Role role, Kind kind, const Request& request, RecordScanner& scanner);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Takes what has arrived; false when the server has closed.
  bool receive(std::span<char> scratch);

  int socket() const { return socket_; }
  Role role() const { return role_; }
  Kind kind() const { return kind_; }
  bool opened() const { return opened_; }  // the server has answered: from now on nothing may be missing
  Order& order() { return order_; }

 private:
  void connect_and_ask();
  void ask(std::string_view parameters, std::string_view headers = {});
  void send_all(std::string_view bytes);
  bool take(char* begin, char* fresh, char* end);
  std::size_t take_body(std::string_view body);
  std::size_t take_lines(std::string_view body);
  void take_line(std::string_view line);
  std::size_t take_frames(std::string_view body);
  void take_message(std::string_view message);
  std::size_t take_packets(std::string_view packets);
  std::size_t take_page(std::string_view body);

  const Role role_;
  const Kind kind_;
  const Request& request_;
  RecordScanner& scanner_;
  int socket_ = -1;
  bool head_taken_ = false, opened_ = false, closed_ = false;
  ResponseHead head_;
  std::string validators_;  // headers that ask for what came after this page
  Dechunker dechunker_;
  Order order_;
  std::string rest_;       // of the head or, without chunk framing, of the body
  std::string fragments_;  // of a WebSocket message, or of an MQTT packet
  std::uint64_t id_ = 0;   // of the SSE event that has begun; 0: it has none
  std::uint64_t now_ = 0;  // of what is being taken
};

}  // namespace weir::bench
