// Log: the one numbered, durable log. Every consumer is a cursor on it.
//
// Purpose    number, append, commit; then publish to the tail and wake the consumers. docs/storage.md.
// Thread     any, except open() and start-up readers (newest(), devices(), commands(), consumers()), which belong to the
//            thread that opened it, before the first append. One commit at a time: whoever waits longest commits for all.
//            read() and find_time() answer on the `history` thread.
// Ownership  owns its threads, its database, all Series and units.
// Limits     limits.h: log_queue_readings_max, series_max, tail_records_max; size_max and age_max of LogOptions.
// Errors     append fails with `full` (queue at its limit), `timed_out`, `io` (the log has stopped: on_fatal was called and
//            the process must end, for the page cache is in doubt).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "log/cursor.h"
#include "log/record.h"
#include "log/rollup.h"
#include "reading/intake.h"

namespace weir::gateway {

enum class Durability { fast, bounded, strict };

/// Whose word is taken on whether the board's clock is set.
enum class ClockTrust { automatic, trusted };

struct LogOptions {
  std::filesystem::path file;  // data_dir / "weir.db"
  Durability durability = Durability::bounded;
  std::uint64_t size_max = 512'000'000;  // bytes of all files of the log together
  std::chrono::nanoseconds age_max = std::chrono::hours(24 * 30);
  std::uint64_t flash_budget_per_day = 0;  // bytes; 0: none
  ClockTrust clock = ClockTrust::automatic;

  // Of tests.
  std::string vfs;         // SQLite's VFS below ours; empty: its default
  std::string boot;        // which boot of the board this is; empty: the kernel says
  bool background = true;  // false: nothing happens by itself, only in tend()
};

struct ConsumerMark {
  std::string name;
  std::uint64_t seq = 0;  // acknowledged up to here
  bool forget = false;
};

/// One unit: numbered in this order, committed whole.
struct Append {
  Delivery delivery;
  std::vector<CommandStatus> commands;
  std::vector<std::pair<Kind, Event>> events;  // system, alarm
  std::vector<ConsumerMark> consumers;         // no records; durable with the next commit
  std::string idempotency_key;                 // empty: none; a repeated one appends nothing and answers as before
};

struct Committed {
  std::uint64_t last = 0;    // the newest sequence number of this unit (or the head, where it made no record)
  std::size_t accepted = 0;  // readings taken (of a node: also those that were there before)
  bool repeated = false;     // the idempotency key was known
};

using CommitHandler = std::function<void(const Result<Committed>&)>;

struct DeviceRow {
  std::string device;
  DeviceState state = DeviceState::discovered;
  std::string reader;
  Timestamp last_seen;
};

struct LogStats {
  std::uint64_t head = 0, oldest = 0;                 // sequence numbers; oldest is the first that is still held
  std::uint64_t commits = 0, records = 0, bytes = 0;  // since start; bytes of all files of the log now
  std::uint64_t queued_readings = 0, refused = 0, losses = 0, duplicates = 0;
  std::uint64_t dropped_records = 0, thinned_records = 0, damaged_records = 0;  // by retention, and by the disk; since start
  std::uint64_t series = 0;
  std::chrono::nanoseconds commit_longest{};
  bool unclean_start = false;      // the run before did not stop in order
  std::filesystem::path replaced;  // the damaged file that was set aside at the start; empty: none

  // Disk.
  std::uint64_t database_bytes = 0, journal_bytes = 0, aside_bytes = 0;   // aside: damaged files that are kept
  std::uint64_t folded_records = 0, folded_bytes = 0;                     // since start; into chunks
  std::uint64_t written_bytes = 0, written_bytes_per_day = 0, syncs = 0;  // to the flash since start; at the present rate
  std::uint64_t flash_budget_per_day = 0;                                 // 0: none
  std::chrono::milliseconds sync_interval{};  // what a power cut may take; 0: nothing, or all that SQLite had not synced
  bool space_short = false;                   // the file system is full: what is kept is being thinned
  bool clock_synchronised = true;
};

/// One entry of the loss ledger: losses of one kind, no hour apart.
struct LossEntry {
  std::string where, reason, device, metric, detail;
  std::uint64_t count = 0;
  Timestamp first, last;
};

/// One series between two times, in buckets or reading by reading.
struct HistoryQuery {
  std::string device, metric;
  Timestamp from, to;        // [from, to), by the time of the readings
  std::size_t buckets = 0;   // at most so many; 0: readings
  std::size_t readings = 0;  // of a page of readings at most so many
  std::uint64_t after = 0;   // a page of readings begins behind this number of the log
};

/// A time in which readings are missing, and why: `expired`, `thinned`, `damaged`, or the reason of a recorded loss.
struct HistoryGap {
  Timestamp from, to;
  std::string reason;
  std::uint64_t lost = 0;  // 0: not known
};

struct HistoryAnswer {
  std::chrono::seconds width{};       // of a bucket
  std::vector<Bucket> buckets;        // those that have a reading, by time
  std::vector<Record> readings;       // in the order of the log
  std::optional<std::uint64_t> next;  // more readings behind this number
  std::vector<HistoryGap> gaps;       // by time
};

class Log {
 public:
  virtual ~Log() = default;

  /// `on_commit` runs after each commit on the committing thread: it must only wake others. `on_fatal` once, when the
  /// log has stopped.
  struct Hooks {
    std::function<void()> on_commit;
    std::function<void(const Error&)> on_fatal;
  };
  static Result<std::unique_ptr<Log>> open(const LogOptions& options, const Clock& clock, Hooks hooks);

  // Appending: any thread.
  virtual Result<Committed> append_and_wait(Append&& append, std::chrono::milliseconds deadline) = 0;
  virtual Result<void> append(Append&& append, CommitHandler committed) = 0;

  // Reading: any thread.
  virtual std::uint32_t epoch() const = 0;
  virtual std::uint64_t head() const = 0;    // newest committed; 0: none yet
  virtual std::uint64_t oldest() const = 0;  // first still held; head() + 1: none
  Cursor head_cursor() const { return {epoch(), head()}; }

  enum class TailRead { ok, cold };
  /// Blocks with records after `after`, in order, up to `records_max` records (at least one block where there is one).
  /// The first may begin before `after`. `cold`: the tail has passed it; read() has it, or retention dropped it.
  virtual TailRead read_tail(std::uint64_t after, std::size_t records_max, std::vector<BlockPtr>& out) const = 0;

  /// From disk, on the history thread: records after `after`, at most `records_max`; null when there is none.
  /// Begins at oldest() where `after` was dropped.
  virtual void read(std::uint64_t after, std::size_t records_max, std::function<void(Result<BlockPtr>)> done) = 0;
  /// The cursor just before the first record received at or after `time`.
  virtual void find_time(Timestamp time, std::function<void(Result<std::uint64_t>)> done) = 0;

  /// From rollups where they are fine enough, else from the readings; on the history thread. `not_found`: no such series.
  virtual void history(HistoryQuery query, std::function<void(Result<HistoryAnswer>)> done) = 0;

  /// The loss ledger, oldest entry first; at most limits::loss_entries_max.
  virtual std::vector<LossEntry> losses() const = 0;

  // What was there at the start: the opening thread, before the first append.
  virtual std::vector<Record> newest() const = 0;  // the newest reading of each series, by sequence
  virtual std::vector<DeviceRow> devices() const = 0;
  virtual std::vector<CommandStatus> commands() const = 0;  // open ones and the newest 1,000 finished, oldest first
  virtual std::vector<ConsumerMark> consumers() const = 0;

  virtual LogStats stats() const = 0;

  /// What is due of syncing, folding and retention, at once. Only where `background` is false.
  virtual Result<void> tend() = 0;

  /// Commits what waits, syncs, marks a clean stop. Appends after it fail with `unavailable`.
  virtual void close() = 0;
};

/// The readers' way in: deliveries become appends.
class LogIntake final : public Intake {
 public:
  explicit LogIntake(Log& log) : log_(log) {}
  Result<void> deliver_and_wait(Delivery&& delivery, std::chrono::milliseconds deadline) override;
  Result<void> deliver(Delivery&& delivery, std::function<void(const Result<void>&)> committed) override;

 private:
  Log& log_;
};

}  // namespace weir::gateway
