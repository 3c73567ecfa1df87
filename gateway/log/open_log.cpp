// What a start does: the database's state, and the journal's entries since then.
#include "base/log_line.h"
#include "log/part_reader.h"
#include "log/sqlite_log.h"

namespace weir::gateway {

namespace {

// After a power cut up to a second of committed records may be gone (not under `strict`), and clients may have seen their
// numbers. The log goes on behind all numbers that could have been given out in that time.
constexpr std::uint64_t seq_skip_after_power_cut = std::uint64_t{1} << 24U;

Result<void> replay(const JournalPartPtr& part, Opened& opened) {
  PartReader reader(part, part->begin_place(), opened.boots->complete(opened.dictionary->names()), opened.dictionary.get());
  for (auto more = reader.next(); !more || *more; more = reader.next()) {
    if (!more) return more.error();
    opened.state.apply(reader.entry());
    for (const auto& record : reader.records()) {
      opened.state.apply(record);
      if (record.kind == Kind::loss) opened.journal_losses.push_back(record);
    }
  }
  return {};
}

/// A part is durable before the next one is begun: numbers that neither has are damaged, unless a power cut skipped them.
std::uint64_t missing_between(std::uint64_t next, std::uint64_t first) {
  return first > next ? (first - next) % seq_skip_after_power_cut : 0;
}

Result<void> replay_journal(Opened& opened, FoldPoint folded) {
  opened.next_seq = folded.seq + 1;
  opened.oldest = 0;
  for (const auto& part : opened.journal->parts()) {
    opened.damaged_records += missing_between(opened.next_seq, part->name().first_seq);
    if (auto done = replay(part, opened); !done) return done;
    opened.damaged_records += part->damaged_records();
    opened.next_seq = std::max(opened.next_seq, part->seen_seq() + 1);
    const bool has_records = part->last_seq() >= part->name().first_seq;
    if (opened.oldest == 0 && has_records) opened.oldest = part->name().first_seq;
  }
  opened.dictionary->taken();
  if (opened.oldest == 0) opened.oldest = opened.next_seq;
  return {};
}

Result<Opened> open_once(const LogOptions& options, Timestamp now) {
  auto store = Store::open(options, now);
  if (!store) return store.error();
  Opened opened{.store = std::move(*store)};
  auto& database = *opened.store;
  const auto failed = [&](const Error& error) {
    if (error.code == ErrorCode::invalid) database.mark_damaged();
    return error;
  };
  auto folded = database.folded();
  if (!folded) return failed(folded.error());
  opened.dictionary = std::make_unique<Dictionary>();
  if (auto done = database.load(*opened.dictionary, opened.state); !done) return failed(done.error());
  auto losses = database.load_losses();
  if (!losses) return failed(losses.error());
  opened.losses = std::move(*losses);
  opened.boots = std::make_unique<Boots>(database.boot_times(), database.boot());
  auto journal = Journal::open({.database = options.file,
                                .vfs = database.vfs(),
                                .epoch = database.epoch(),
                                .folded = folded->part,
                                .capacity = database.shares().journal});
  if (!journal) return journal.error();
  opened.journal = std::move(*journal);
  if (auto done = opened.journal->cut_torn(); !done) return done.error();
  if (auto done = replay_journal(opened, *folded); !done) return failed(done.error());
  opened.unclean = database.unclean();
  opened.head = opened.next_seq - 1;
  const bool power_cut = opened.unclean && database.rebooted();
  if (power_cut && options.durability != Durability::strict) opened.next_seq += seq_skip_after_power_cut;
  return opened;
}

}  // namespace

Result<Opened> open_log(const LogOptions& options, Timestamp now) {
  auto opened = open_once(options, now);
  // It is marked now: the second try sets it aside.
  if (!opened && opened.error().code == ErrorCode::invalid) {
    log_line(Severity::error, "log", opened.error().message);
    opened = open_once(options, now);
  }
  return opened;
}

}  // namespace weir::gateway
