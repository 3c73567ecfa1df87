// Refusals: every limit of the server that a client can meet, and how often one did. docs/streams.md has the table.
//
// Purpose    one count for each limit, by the name that people find in the configuration and the docs.
// Thread     the server's.
// Ownership  plain values.
// Limits     none of its own.
// Errors     none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::gateway {

enum class Refusal : std::uint8_t {
  connections,
  connections_per_address,
  connections_per_token,
  requests_per_token,
  requests_per_address,
  subscriptions,
  consumers,
  commands,
  sign_in,
  body,
  message,
  replies,
  pipelined,
  unauthenticated,
  arrivals_per_address,
  handshake,
  head,
};
inline constexpr std::size_t refusals_count = static_cast<std::size_t>(Refusal::head) + 1;

/// The key of `[server]` where there is one.
std::string_view to_string(Refusal refusal);

class Refusals {
 public:
  void count(Refusal refusal) { ++counts_[static_cast<std::size_t>(refusal)]; }
  std::uint64_t of(Refusal refusal) const { return counts_[static_cast<std::size_t>(refusal)]; }

 private:
  std::array<std::uint64_t, refusals_count> counts_{};
};

}  // namespace weir::gateway
