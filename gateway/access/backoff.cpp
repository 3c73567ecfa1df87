#include "access/backoff.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <string>

namespace weir::gateway {
namespace {

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

}  // namespace

std::chrono::seconds Backoff::wait_after(unsigned wrong) {
  if (wrong == 0) return std::chrono::seconds{0};
  return std::min(wait_max, std::chrono::seconds{1LL << std::min(wrong - 1, 10U)});
}

Backoff::Backoff(unsigned free) : free_(free), seed_(random_seed()) {}

std::chrono::seconds Backoff::wait(std::string_view who, Monotonic now) {
  const Slot* slot = find(key_of(who));
  if (slot == nullptr) return std::chrono::seconds{0};
  const auto left = slot->last + wait_after(slot->wrong - std::min(slot->wrong, free_)) - now;
  return std::max(std::chrono::ceil<std::chrono::seconds>(left), std::chrono::seconds{0});
}

void Backoff::count(std::string_view who, Monotonic now) {
  if (table_.empty()) table_.resize(sets);
  const std::uint64_t key = key_of(who);
  Set& set = table_[key % sets];
  const auto mine = std::find_if(set.begin(), set.end(), [key](const Slot& slot) { return slot.key == key; });
  for (Slot& slot : set) {
    if (now - slot.last >= forgotten_after) slot.wrong = 0;
  }
  const auto fewest = std::min_element(set.begin(), set.end(), [](const Slot& a, const Slot& b) { return a.wrong < b.wrong; });
  Slot& slot = mine != set.end() ? *mine : *fewest;
  slot = {key, slot.wrong + 1, now};
}

void Backoff::take_back(std::string_view who) {
  if (Slot* slot = find(key_of(who)); slot != nullptr && slot->wrong > 0) --slot->wrong;
}

void Backoff::forgive(std::string_view who) {
  if (Slot* slot = find(key_of(who))) *slot = {};
}

std::uint64_t Backoff::key_of(std::string_view who) const {
  std::string text(reinterpret_cast<const char*>(&seed_), sizeof seed_);
  return std::max<std::uint64_t>(std::hash<std::string>{}(text.append(who)), 1);
}

Backoff::Slot* Backoff::find(std::uint64_t key) {
  if (table_.empty()) return nullptr;
  Set& set = table_[key % sets];
  const auto found = std::find_if(set.begin(), set.end(), [key](const Slot& slot) { return slot.key == key; });
  return found == set.end() ? nullptr : &*found;
}

std::string network_of(std::string_view address) {
  in6_addr whole{};
  if (::inet_pton(AF_INET6, std::string(address).c_str(), &whole) != 1) return std::string(address);
  if (IN6_IS_ADDR_V4MAPPED(&whole)) return std::string(address);
  std::memset(whole.s6_addr + 8, 0, 8);
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(AF_INET6, &whole, text, sizeof text);
  return std::string(text) + "/64";
}

}  // namespace weir::gateway
