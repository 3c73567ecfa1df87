// Backoff: whoever shows wrong credentials waits, twice as long each time: 1, 2, 4 … 300 s.
//
// Purpose    one table for addresses (IPv6: networks of 64 bits), one for names of users, one for addresses with wrong tokens.
// Thread     the one of its Access.
// Ownership  owns a table of a fixed size, from the first wrong credential on.
// Limits     1,024 entries in 32 KiB. A further one takes over the entry with the fewest wrong tries of the four that it may
//            have, and goes on from its count: who comes from many addresses gets no more tries than these entries give, and
//            can't push out one that has more. Who has shown nothing wrong never waits, however full the table is.
// Errors     none. After an hour without a wrong try all is forgotten; at a restart too.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace weir::gateway {

class Backoff {
 public:
  static constexpr std::chrono::seconds wait_max{300};
  static constexpr std::chrono::hours forgotten_after{1};
  static constexpr std::size_t sets = 256, ways = 4;

  /// After so many wrong tries in a row.
  static std::chrono::seconds wait_after(unsigned wrong);

  /// The first `free` wrong tries are answered at once.
  explicit Backoff(unsigned free = 0);
  std::chrono::seconds wait(std::string_view who, Monotonic now);  // 0: may try now
  void count(std::string_view who, Monotonic now);
  void take_back(std::string_view who);  // the last count: it was no wrong try
  void forgive(std::string_view who);
  void forgive_all() { table_.clear(); }

 private:
  struct Slot {
    std::uint64_t key = 0;  // 0: nobody's
    unsigned wrong = 0;
    Monotonic last{};
  };
  using Set = std::array<Slot, ways>;

  std::uint64_t key_of(std::string_view who) const;
  Slot* find(std::uint64_t key);

  const unsigned free_;
  const std::uint64_t seed_;  // nobody outside can choose whose entry he takes over
  std::vector<Set> table_;
};

/// "2001:db8:1:2::3" -> "2001:db8:1:2::/64"; anything else as it is. Whoever has one address of a network has all of it.
std::string network_of(std::string_view address);

}  // namespace weir::gateway
