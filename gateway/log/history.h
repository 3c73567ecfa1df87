// History: cold reads, so that no disk wait ever blocks the server loop.
//
// Purpose    records that the tail no longer has, the place of a time, and history, from database and journal.
// Thread     read(), find_time() and ask() from any thread; `done` runs on the history thread and must only hand over.
// Ownership  a read-only connection of its own; journal, dictionary and boots outlive it.
// Limits     limits::history_requests_max questions waiting: beyond, `done` is called at once with `full`. One segment is
//            and the entries of one page are kept decoded while somebody reads on from them.
// Errors     of the database; damaged rows are passed over and counted.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/mailbox.h"
#include "log/boots.h"
#include "log/database.h"
#include "log/dictionary.h"
#include "log/journal.h"
#include "log/journal_minutes.h"
#include "log/loss_totals.h"
#include "log/partition.h"

namespace weir::gateway {

class History {
 public:
  struct Sources {
    const Journal& journal;
    Dictionary& dictionary;
    const Boots& boots;
    const LossTotals& losses;
  };
  /// `threaded` false: questions are answered at once, by who asks.
  static Result<std::unique_ptr<History>> start(const std::filesystem::path& file, const std::string& vfs, Sources sources,
                                                bool threaded);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void read(std::uint64_t after, std::size_t records_max, std::function<void(Result<BlockPtr>)> done);
  /// The number before the first record received at or after `time`; no_such_time where all are older.
  static constexpr std::uint64_t no_such_time = ~std::uint64_t{0};
  void find_time(Timestamp time, std::function<void(Result<std::uint64_t>)> done);
  void ask(HistoryQuery query, std::function<void(Result<HistoryAnswer>)> done);

  std::uint64_t damaged_rows() const { return damaged_rows_; }

 private:
  using Task = std::function<void()>;
  History(Database database, Sources sources, bool threaded);
  void post(Task task, const std::function<void()>& refuse);
  void run(const std::stop_token& stop);

  template <class Answer>
  Result<Answer> in_snapshot(const std::function<Result<Answer>()>& question);
  Result<void> load_folded();
  Result<BlockPtr> read_page(std::uint64_t after, std::size_t records_max);
  Result<BlockPtr> read_some(std::uint64_t after, std::size_t records_max);
  Result<BlockPtr> read_folded(std::uint64_t after, std::size_t records_max);
  Result<BlockPtr> segment_behind(std::uint64_t after);
  Result<BlockPtr> read_journal(const std::vector<JournalPartPtr>& parts, std::uint64_t after, std::size_t records_max);
  Result<std::uint64_t> seq_before(Timestamp time);
  Result<std::uint64_t> folded_seq_before(Timestamp time);
  Result<std::uint64_t> journal_seq_before(const std::vector<JournalPartPtr>& parts, Timestamp time);
  Result<HistoryAnswer> answer(const HistoryQuery& query);
  Names names() const { return sources_.boots.complete(sources_.dictionary.names()); }

  Database database_;
  const Sources sources_;
  std::atomic<std::uint64_t> damaged_rows_ = 0;

  // The thread's.
  std::int64_t data_version_ = -1;
  std::uint64_t folded_seq_ = 0;
  std::vector<Partition> partitions_;  // as of data_version_
  BlockPtr segment_;                   // the one that was read last
  BlockPtr entries_;                   // of the journal, that were read last
  std::optional<Timestamp> zero_;      // of this boot, when these were read: with it their times are corrected
  JournalMinutes journal_minutes_;

  std::mutex mutex_;
  std::condition_variable_any waiting_;
  bool woken_ = false;
  Mailbox<Task> tasks_;
  std::jthread thread_;
};

}  // namespace weir::gateway
