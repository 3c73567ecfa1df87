// Followers: whoever is to be told that the log has grown, each by itself or in crowds.
//
// Purpose    connections that want the same and stand at the same place cost one look when nothing is for them, and one send()
//            each when something is. Those of a crowd with flush=D are not looked at before its time.
// Thread     the server's.
// Ownership  names connections, which leave before they go.
// Limits     each connection once.
// Errors     none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "server/loop/deadlines.h"
#include "server/loop/exchange.h"
#include "server/transports/shared_writes.h"

namespace weir::gateway {

class Followers {
 public:
  explicit Followers(Host& host) : host_(host) {}
  Followers(const Followers&) = delete;
  Followers& operator=(const Followers&) = delete;

  void add(Connection& connection);
  void remove(Connection& connection);

  /// One that stands at the head, with others of its group (SharedWrites). Nothing happens where its crowd stands elsewhere.
  void join_crowd(Connection& connection, const CrowdPlace& place);
  /// It is on its own again, from there; nothing: it was in no crowd.
  std::optional<CrowdStand> leave_crowd(Connection& connection);

  /// The log has grown.
  void follow();
  /// The crowds whose flush has come.
  void run_due(Monotonic now);
  std::optional<Monotonic> next_due() const { return due_.next(); }

 private:
  using Members = std::vector<Connection*>;
  struct Crowd {
    std::uint64_t position = 0;
    std::chrono::nanoseconds flush{0};
    std::optional<Monotonic> due;  // something waits for it
    Monotonic written{}, looked{};
    Members members;
  };

  void follow_crowd(std::uint64_t group);
  bool holds_back(std::uint64_t group, Crowd& crowd);
  void send(std::uint64_t group, Crowd& crowd, const SharedWrites::Write& write);
  void disperse(std::uint64_t group);

  Host& host_;
  Members alone_;
  std::unordered_map<std::uint64_t, Crowd> crowds_;  // by group
  Deadlines due_;                                    // by group
  std::vector<std::uint64_t> groups_;                // scratch
  std::optional<std::uint64_t> sending_;             // this one may become empty
};

}  // namespace weir::gateway
