// What the kernel knows of a client's socket.
//
// Purpose    whether the client is still there, and how far the library has read.
// Thread     any.
// Ownership  none.
// Limits     a system call or two each.
// Errors     what the kernel does not tell counts as nothing wrong. Source: tcp(7), RFC 4898 (tcpEStatsAppHCThruOctetsReceived).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace weir::gateway {

/// Bytes that were taken off the socket since the connection began; nothing: so much comes in that it can't be told.
std::optional<std::uint64_t> bytes_taken(int socket);

/// Numeric, without the port; empty where it is not known.
std::string peer_address(int socket, bool& loopback);

/// Of IPv6 the first 64 bits, "2001:db8:1:2::": whoever has one address of a network has all of them.
std::string network_of(const std::string& address);

/// The peer has acknowledged nothing for so long, though something was sent. One that is there and reads nothing acknowledges
/// what its buffers take, and has nothing unacknowledged when they are full.
bool peer_is_silent(int socket, std::chrono::milliseconds for_so_long);

}  // namespace weir::gateway
