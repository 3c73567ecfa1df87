// Tail: the newest blocks in memory, shared by all consumers.
//
// Purpose    near the head nobody reads the disk.
// Thread     push(): the committing thread. All else: any thread.
// Ownership  blocks are shared and immutable.
// Limits     limits::tail_records_max records and limits::tail_bytes_max bytes; beyond them the oldest blocks leave.
// Errors     none.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "log/log.h"

namespace weir::gateway {

class Tail {
 public:
  void start_at(std::uint64_t head) { head_.store(head, std::memory_order_release); }
  void push(BlockPtr block);

  std::uint64_t head() const { return head_.load(std::memory_order_acquire); }
  Log::TailRead read(std::uint64_t after, std::size_t records_max, std::vector<BlockPtr>& out) const;

 private:
  struct Entry {
    BlockPtr block;
    std::size_t bytes;
  };
  std::atomic<std::uint64_t> head_ = 0;
  mutable std::mutex mutex_;  // protects all below
  std::deque<Entry> entries_;
  std::size_t records_ = 0, bytes_ = 0;
};

}  // namespace weir::gateway
