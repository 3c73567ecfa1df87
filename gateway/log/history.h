// History: cold reads, so that no disk wait ever blocks the server loop.
//
// Purpose    records that the tail no longer has, and the place of a time, from SQLite.
// Thread     read() and find_time() from any thread; `done` runs on the history thread and must only hand over.
// Ownership  a read-only connection of its own; the Dictionary outlives it.
// Limits     limits::history_requests_max questions waiting: beyond, `done` is called at once with `full`.
// Errors     of the database; a damaged row ends a page before it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mailbox.h"
#include "log/codec.h"
#include "log/database.h"
#include "log/record.h"

namespace weir::gateway {

class History {
 public:
  static Result<std::unique_ptr<History>> start(const std::filesystem::path& file, Names names);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void read(std::uint64_t after, std::size_t records_max, std::function<void(Result<BlockPtr>)> done);
  /// The number before the first record received at or after `time`; no_such_time where all are older.
  static constexpr std::uint64_t no_such_time = ~std::uint64_t{0};
  void find_time(Timestamp time, std::function<void(Result<std::uint64_t>)> done);

 private:
  using Task = std::function<void()>;
  History(Database database, Names names);
  void run(const std::stop_token& stop);

  Result<BlockPtr> read_page(std::uint64_t after, std::size_t records_max);
  Result<std::vector<std::int64_t>> partitions_from(std::uint64_t seq);
  Result<void> read_partition(std::int64_t partition, std::uint64_t from, std::size_t records_max, Block& block);
  Result<std::uint64_t> seq_before(Timestamp time);

  Database database_;
  Names names_;
  std::mutex mutex_;
  std::condition_variable_any waiting_;
  bool woken_ = false;
  Mailbox<Task> tasks_;
  std::jthread thread_;
};

}  // namespace weir::gateway
