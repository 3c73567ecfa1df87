#include "server/rates.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace weir::gateway {
namespace {

/// The first 64 bits of what an address is told apart by.
std::uint64_t network_of(const std::string& address) {
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return v4.s_addr;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, address.c_str(), &v6) != 1) return 0;
  std::uint64_t network = 0;
  std::memcpy(&network, &v6, sizeof network);
  return network;
}

/// The finaliser of SplitMix64.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

}  // namespace

double TokenBucket::missing(Monotonic now, unsigned per_second) const {
  const double seconds = std::chrono::duration<double>(now - at_).count();
  return std::max(0.0, missing_ - seconds * per_second);
}

bool TokenBucket::take(Monotonic now, unsigned per_second) {
  const double is_missing = missing(now, per_second);
  if (is_missing + 1 > double{burst_seconds} * per_second) return false;
  missing_ = is_missing + 1;
  at_ = now;
  return true;
}

AddressRates::AddressRates() : seed_(random_seed()) {}

std::uint64_t AddressRates::key_of(std::string_view address) const {
  return std::max<std::uint64_t>(mix(network_of(std::string(address)) ^ seed_), 1);
}

bool AddressRates::take(std::string_view address, Monotonic now, unsigned per_second) {
  if (table_.empty()) table_.resize(sets);
  const std::uint64_t key = key_of(address);
  auto& set = table_[key % sets];
  auto slot = std::find_if(set.begin(), set.end(), [key](const Slot& each) { return each.key == key; });
  if (slot == set.end()) {
    slot = std::min_element(set.begin(), set.end(), [&](const Slot& a, const Slot& b) {
      return a.bucket.missing(now, per_second) < b.bucket.missing(now, per_second);
    });
    slot->key = key;
  }
  return slot->bucket.take(now, per_second);
}

Account& Accounts::of(const std::string& principal, Monotonic now, unsigned per_second) {
  if (const auto found = accounts_.find(principal); found != accounts_.end()) return found->second;
  if (accounts_.size() >= accounts_max) {
    std::erase_if(accounts_, [&](const auto& each) {
      return each.second.connections == 0 && each.second.requests.missing(now, per_second) == 0;
    });
  }
  return accounts_[principal];
}

}  // namespace weir::gateway
