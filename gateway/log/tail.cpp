#include "log/tail.h"

#include <algorithm>

#include "base/limits.h"

namespace weir::gateway {

namespace {

std::size_t bytes_of(const Block& block) {
  std::size_t bytes = sizeof(Block) + block.records.capacity() * sizeof(Record);
  for (const auto& record : block.records) {
    if (record.event) bytes += sizeof(Event) + record.event->members.capacity();
    if (const auto* text = std::get_if<std::string>(&record.value)) bytes += text->capacity();
  }
  return bytes;
}

}  // namespace

void Tail::push(BlockPtr block) {
  const auto bytes = bytes_of(*block);
  const auto last = block->last();
  {
    std::lock_guard lock(mutex_);
    records_ += block->records.size();
    bytes_ += bytes;
    entries_.push_back({std::move(block), bytes});
    while (entries_.size() > 1 && (records_ > limits::tail_records_max || bytes_ > limits::tail_bytes_max)) {
      records_ -= entries_.front().block->records.size();
      bytes_ -= entries_.front().bytes;
      entries_.pop_front();
    }
  }
  head_.store(last, std::memory_order_release);
}

Log::TailRead Tail::read(std::uint64_t after, std::size_t records_max, std::vector<BlockPtr>& out) const {
  out.clear();
  if (after >= head()) return Log::TailRead::ok;
  std::lock_guard lock(mutex_);
  if (entries_.empty() || entries_.front().block->first() > after + 1) return Log::TailRead::cold;
  auto entry = std::upper_bound(entries_.begin(), entries_.end(), after,
                                [](std::uint64_t seq, const Entry& candidate) { return seq < candidate.block->last(); });
  for (std::size_t records = 0; entry != entries_.end() && (out.empty() || records < records_max); ++entry) {
    records += entry->block->records.size();
    out.push_back(entry->block);
  }
  return Log::TailRead::ok;
}

}  // namespace weir::gateway
