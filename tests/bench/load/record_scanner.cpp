#include "load/record_scanner.h"

#include <cstring>

namespace weir::bench {
namespace {

/// Moves `text` behind the next `key` and the number after it; false where there is none.
bool next_number(std::string_view& text, std::string_view key, std::uint64_t& number) {
  const auto* at = static_cast<const char*>(memmem(text.data(), text.size(), key.data(), key.size()));
  if (at == nullptr) return false;
  const char* const end = text.data() + text.size();
  number = 0;
  for (at += key.size(); at != end && *at >= '0' && *at <= '9'; ++at)
    number = number * 10 + static_cast<std::uint64_t>(*at - '0');
  text = {at, static_cast<std::size_t>(end - at)};
  return true;
}

}  // namespace

RecordScanner::Found RecordScanner::scan(std::string_view text, std::uint64_t now, Order& order) {
  // {"seq":7,"kind":"reading",…,"value":3} or {"counter":3,"ns":1234,…}
  const std::string_view first = times_ ? R"({"seq":)" : R"({"counter":)", second = times_ ? R"("value":)" : R"("ns":)";
  Found found;
  std::uint64_t seq = 0, other = 0;
  while (next_number(text, first, seq) && next_number(text, second, other)) {
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
