// Strangers: the connections that have not shown a valid credential yet.
//
// Purpose    whoever hangs without one takes no place from those who have one.
// Thread     the server's.
// Ownership  names connections by id; ids grow, so the smallest is the oldest.
// Limits     stranger_limits::strangers_max; a further one displaces the oldest. A client that signs on sends its credential with
// its
//            first request, and is gone from here before that many others have come.
// Errors     none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>

namespace weir::gateway {

namespace stranger_limits {
inline constexpr std::chrono::seconds handshake_max{5};              // to the end of the first head, and of a stranger's body
inline constexpr std::size_t strangers_max = 32;                     // connections without a credential; the oldest goes
inline constexpr unsigned arrivals_per_second_per_address_max = 20;  // connections; twice as many after a pause
}  // namespace stranger_limits

class Strangers {
 public:
  /// The one that has to go.
  std::optional<std::uint64_t> add(std::uint64_t id) {
    ids_.insert(id);
    if (ids_.size() <= stranger_limits::strangers_max) return std::nullopt;
    return ids_.extract(ids_.begin()).value();
  }
  void remove(std::uint64_t id) { ids_.erase(id); }
  std::size_t size() const { return ids_.size(); }

 private:
  std::set<std::uint64_t> ids_;
};

}  // namespace weir::gateway
