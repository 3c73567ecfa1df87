// HangupWatch: notices clients that hang up (or send more) while their answer is still to come.
//
// Purpose    libwebsockets reads nothing between a GET and the end of its answer. Up to 4.2 it is also called again and
//            again for what it doesn't read: a stream whose client has closed would keep a core busy until the next
//            heartbeat fails. An epoll set of our own, itself one descriptor on the loop, sees it at once.
// Thread     the server's.
// Ownership  owns the epoll descriptor; the sockets belong to their connections.
// Limits     one kernel entry for each waiting connection.
// Errors     where epoll fails the heartbeat still finds dead peers.
#pragma once

#include <cstdint>
#include <vector>

namespace weir::gateway {

class HangupWatch {
 public:
  HangupWatch();
  ~HangupWatch();
  HangupWatch(const HangupWatch&) = delete;
  HangupWatch& operator=(const HangupWatch&) = delete;

  int descriptor() const { return epoll_; }  // readable when poll() has something

  void add(int socket, std::uint64_t id);  // reported once
  void remove(int socket);
  void poll(std::vector<std::uint64_t>& out);  // cleared first

 private:
  int epoll_;
};

}  // namespace weir::gateway
