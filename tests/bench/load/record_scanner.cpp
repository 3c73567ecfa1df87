#include "load/record_scanner.h"

#include <cstring>

namespace weir::bench {

bool RecordScanner::next_number(std::string_view& text, Key& key, std::uint64_t& number) {
  // Records resemble each other: the key mostly is where it was in the one before, and searching would cost most of our time.
  if (text.substr(key.distance < text.size() ? key.distance : 0, key.name.size()) != key.name) {
    const auto* at = static_cast<const char*>(memmem(text.data(), text.size(), key.name.data(), key.name.size()));
    if (at == nullptr) return false;
    key.distance = static_cast<std::size_t>(at - text.data());
  }
  const char *at = text.data() + key.distance + key.name.size(), *const end = text.data() + text.size();
  for (number = 0; at != end && *at >= '0' && *at <= '9'; ++at) number = number * 10 + static_cast<std::uint64_t>(*at - '0');
  text = {at, static_cast<std::size_t>(end - at)};
  return true;
}

RecordScanner::Found RecordScanner::scan(std::string_view text, std::uint64_t now, Order& order, std::uint64_t most) {
  Found found;
  std::uint64_t seq = 0, other = 0;
  for (Key* first = &begin_; found.count < most && next_number(text, *first, seq) && next_number(text, second_, other);
       first = &next_) {
    ++found.count, found.last_seq = seq;
    const auto number = times_ ? other : seq;
    order.take(number);
    if (!deliveries_.measured) continue;
    const auto published = times_ ? times_->of(number) : other;
    deliveries_.latencies.add(now > published ? now - published : 0);
  }
  deliveries_.records.store(deliveries_.records.load(std::memory_order_relaxed) + found.count, std::memory_order_relaxed);
  return found;
}

}  // namespace weir::bench
