// Rates: how often somebody may ask, and how many connections a token has.
//
// Purpose    a token bucket for each address that shows no credential, and for each token or session that does.
// Thread     the server's.
// Ownership  AddressRates owns a table of a fixed size, from its first use on; Accounts owns accounts, which stay where they are
//            while a connection points to them.
// Limits     burst_seconds of requests at once after a pause. AddressRates: 4,096 addresses (IPv6: networks of 64 bits) in 96
// KiB;
//            a further one takes over the fullest bucket of the four it may have, as full as it is: who comes from many
//            addresses gets no more than these buckets give. Accounts: accounts_max, then those at rest go.
// Errors     none.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"

namespace weir::gateway {

/// Begins full.
class TokenBucket {
 public:
  static constexpr unsigned burst_seconds = 2;

  /// False: it is empty.
  bool take(Monotonic now, unsigned per_second);
  double missing(Monotonic now, unsigned per_second) const;

 private:
  double missing_ = 0;
  Monotonic at_{};
};

class AddressRates {
 public:
  AddressRates();
  bool take(std::string_view address, Monotonic now, unsigned per_second);

 private:
  static constexpr std::size_t sets = 1024, ways = 4;
  struct Slot {
    std::uint64_t key = 0;  // 0: nobody's
    TokenBucket bucket;
  };

  std::uint64_t key_of(std::string_view address) const;

  const std::uint64_t seed_;  // nobody outside can choose whose bucket he takes over
  std::vector<std::array<Slot, ways>> table_;
};

/// A token or a session.
struct Account {
  unsigned connections = 0;
  TokenBucket requests;
};

class Accounts {
 public:
  static constexpr std::size_t accounts_max = 4096;  // more than there are tokens and sessions

  Account& of(const std::string& principal, Monotonic now, unsigned per_second);
  std::size_t size() const { return accounts_.size(); }

 private:
  std::unordered_map<std::string, Account> accounts_;
};

}  // namespace weir::gateway
