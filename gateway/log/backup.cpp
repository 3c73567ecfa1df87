#include "log/backup.h"

#include <algorithm>
#include <vector>

#include "log/boots.h"
#include "log/checkpoints.h"
#include "log/database.h"
#include "log/files.h"
#include "log/keeper.h"
#include "log/schema.h"
#include "log/store.h"
#include "log/vfs.h"

namespace weir::gateway {

namespace {

constexpr int attempts = 20;
constexpr std::uint64_t no_limit = std::uint64_t{1} << 42U;  // nothing of the copy is let go of

std::filesystem::path partial_of(std::filesystem::path to) { return to += ".partial"; }

std::vector<std::filesystem::path> files_beside(const std::filesystem::path& partial) {
  std::vector<std::filesystem::path> files;
  for (const auto* suffix : {"-wal", "-shm", "-journal", ".lock"}) files.emplace_back(partial.string() + suffix);
  for (unsigned slot = 0; slot < journal_slots; ++slot) files.push_back(journal_file(partial, slot));
  files.push_back(checkpoint_note(partial));
  return files;
}

void remove_partial(const std::filesystem::path& partial, bool also_itself) {
  std::error_code ignored;
  for (const auto& file : files_beside(partial)) std::filesystem::remove(file, ignored);
  if (also_itself) std::filesystem::remove(partial, ignored);
}

Result<Database> open_source(const std::filesystem::path& log) {
  std::error_code ignored;
  if (!std::filesystem::exists(log, ignored)) return Error{ErrorCode::not_found, log.string() + ": there is no log"};
  auto database = Database::open(log, Database::Mode::read_only, register_vfs());
  if (!database) return database;
  auto version = database->number("PRAGMA user_version");
  if (!version) return version.error();
  if (*version == schema_version) return database;
  return Error{ErrorCode::invalid, log.string() + ": has schema " + std::to_string(*version) +
                                       "; start the gateway of this version once, it brings it up to date"};
}

/// The parts of the journal behind `folded`, as files beside the copy. The newest is copied first: when it is there, the
/// others are complete.
Result<void> copy_journal(const std::filesystem::path& log, const std::filesystem::path& partial, Journal::Options options) {
  auto journal = Journal::open(std::move(options));
  if (!journal) return journal.error();
  auto parts = (*journal)->parts();
  std::reverse(parts.begin(), parts.end());
  for (const auto& part : parts) {
    if (auto done = copy_whole(journal_file(log, part->slot()), journal_file(partial, part->slot())); !done) return done;
  }
  return {};
}

/// Database and journal of one moment. False: a part of the journal was folded meanwhile.
Result<bool> copy_once(const std::filesystem::path& log, const std::filesystem::path& partial) {
  auto source = open_source(log);
  auto watch = open_source(log);
  if (!source || !watch) return source ? watch.error() : source.error();
  if (auto snapshot = source->run("BEGIN"); !snapshot) return snapshot.error();
  auto folded = source->number("SELECT part FROM fold");
  auto epoch = source->number("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'epoch'");
  if (!folded || !epoch) return folded ? epoch.error() : folded.error();
  auto copied = copy_journal(log, partial,
                             {.database = log,
                              .vfs = register_vfs(),
                              .epoch = static_cast<std::uint32_t>(*epoch),
                              .folded = static_cast<std::uint64_t>(*folded)});
  auto folded_now = watch->number("SELECT part FROM fold");
  if (!folded_now) return folded_now.error();
  if (*folded_now != *folded) return false;  // what was copied may be another part by now
  if (!copied) return copied.error();
  auto target = Database::open(partial, Database::Mode::create, register_vfs());
  if (!target) return target.error();
  // With a first page that says so, every page that is written gets its checksum.
  auto begun = target->run("PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE first(page)");
  if (!begun) return begun.error();
  if (auto done = source->copy_to(*target); !done) return done.error();
  return true;
}

/// The copy is a log like any other: its journal is folded into it, and nothing else happens.
Result<Backup> fold_copy(const std::filesystem::path& partial, const Clock& clock) {
  const LogOptions options{.file = partial, .size_max = no_limit};
  auto store = Store::open(options, clock.wall());
  if (!store) return store.error();
  if (!(*store)->replaced().empty()) return Error{ErrorCode::invalid, "the log is damaged; `weir log verify` says where"};
  Dictionary dictionary;
  State state(State::Role::changes);
  if (auto done = (*store)->load(dictionary, state); !done) return done.error();
  auto losses = (*store)->load_losses();
  auto folded = (*store)->folded();
  if (!losses || !folded) return losses ? folded.error() : losses.error();
  Backup backup{.epoch = (*store)->epoch()};
  auto journal = Journal::open({.database = partial, .vfs = register_vfs(), .epoch = backup.epoch, .folded = folded->part});
  if (!journal) return journal.error();
  Boots boots((*store)->boot_times(), (*store)->boot());
  Keeper keeper(std::move(*store), **journal, dictionary, boots, std::move(*losses), options, clock);
  if (auto loaded = keeper.load(0); !loaded) return loaded.error();
  backup.head = folded->seq;
  for (const auto& part : (*journal)->parts()) backup.head = std::max(backup.head, part->last_seq());
  if (auto done = keeper.stop(); !done) return done.error();
  return backup;
}

/// One file, without a WAL.
Result<void> close_copy(const std::filesystem::path& partial) {
  auto database = Database::open(partial, Database::Mode::create, register_vfs());
  if (!database) return database.error();
  return database->run("PRAGMA journal_mode=DELETE");
}

Result<Backup> make_backup(const std::filesystem::path& log, const std::filesystem::path& partial, const Clock& clock) {
  Result<bool> copied = false;
  for (int attempt = 0; attempt < attempts && copied && !*copied; ++attempt) {
    remove_partial(partial, true);
    copied = copy_once(log, partial);
  }
  if (!copied) return copied.error();
  if (!*copied) return Error{ErrorCode::unavailable, "the log folds faster than its journal can be copied; try again"};
  auto backup = fold_copy(partial, clock);
  if (!backup) return backup;
  if (auto closed = close_copy(partial); !closed) return closed.error();
  return backup;
}

}  // namespace

Result<Backup> back_up(const std::filesystem::path& log, const std::filesystem::path& to, const Clock& clock) {
  std::error_code error;
  if (std::filesystem::exists(to, error))
    return Error{ErrorCode::conflict, to.string() + ": is there already; name a file that is not, or remove it first"};
  const auto partial = partial_of(to);
  auto backup = make_backup(log, partial, clock);
  remove_partial(partial, !backup);
  if (!backup) return backup;
  backup->bytes = std::filesystem::file_size(partial, error);
  using std::filesystem::perms;
  std::filesystem::permissions(partial, perms::owner_read | perms::owner_write, error);
  if (auto moved = move_durably(partial, to); !moved) return moved.error();
  return backup;
}

}  // namespace weir::gateway
