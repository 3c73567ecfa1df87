#include "log/store.h"

#include <sys/random.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "base/limits.h"
#include "base/log_line.h"
#include "log/aside.h"
#include "log/migrate.h"
#include "log/schema.h"
#include "log/vfs.h"

namespace weir::gateway {

namespace {

constexpr std::string_view ballast_suffix = ".ballast";

std::string kernel_boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

Result<std::uint32_t> random_epoch() {
  std::uint32_t epoch = 0;
  if (getrandom(&epoch, sizeof epoch, 0) != sizeof epoch) return Error{ErrorCode::io, "the kernel gives no random numbers"};
  return epoch;
}

}  // namespace

Shares Shares::of(std::uint64_t size_max) {
  Shares shares;
  const auto share = [size_max](std::uint64_t part, std::uint64_t least, std::uint64_t most) {
    return std::clamp(size_max / part / page_bytes * page_bytes, least, most);
  };
  constexpr std::uint64_t kib = 1024, mib = 1024 * kib;
  shares.journal = share(64, 16 * kib, 4 * mib);
  shares.wal = share(16, 64 * kib, 8 * mib);
  shares.ballast = share(32, 32 * kib, 8 * mib);  // what it takes to fold one file of the journal
  shares.partition = share(32, 32 * kib, 64 * mib);
  // The WAL grows by what a fold writes before it is cut back.
  const auto elsewhere = journal_slots * shares.journal + 2 * shares.wal + shares.ballast;
  shares.database = std::max(size_max - std::min(size_max, elsewhere), 64 * page_bytes);
  shares.keys = shares.database / 16;
  return shares;
}

Store::Store(Database database, const LogOptions& options, std::string vfs)
    : database_(std::move(database)),
      options_(options),
      vfs_(std::move(vfs)),
      shares_(Shares::of(options.size_max)),
      page_limit_(shares_.database / page_bytes) {}

Result<std::unique_ptr<Store>> Store::open(const LogOptions& options, Timestamp now) {
  auto lock = LogLock::take(options.file);
  if (!lock) return lock.error();
  const auto vfs = register_vfs(options.vfs);
  const auto ballast = options.file.string() + std::string(ballast_suffix);
  auto opened = marked_damaged(options.file) ? Result<std::unique_ptr<Store>>(damage_was_found(options.file))
                                             : open_once(options, vfs, now);
  std::error_code ignored;
  if (!opened && opened.error().code == ErrorCode::full && std::filesystem::remove(ballast, ignored))
    opened = open_once(options, vfs, now);
  if (!opened && opened.error().code == ErrorCode::invalid) {
    const auto aside = set_aside(options.file, now);
    log_line(Severity::error, "log", opened.error().message + "; set aside as " + aside.string() + ", a new log begins");
    opened = open_once(options, vfs, now);
    if (opened) (*opened)->replaced_ = aside;
  }
  if (opened) (*opened)->lock_ = std::move(*lock);
  return opened;
}

Result<std::unique_ptr<Store>> Store::open_once(const LogOptions& options, const std::string& vfs, Timestamp now) {
  if (auto done = bring_up_to_date(options.file, vfs); !done) return done.error();
  if (auto done = ready_wal(options.file, vfs); !done) return done.error();
  auto database = Database::open(options.file, Database::Mode::create, vfs);
  if (!database) return database.error();
  std::unique_ptr<Store> store(new Store(std::move(*database), options, vfs));
  if (auto done = store->prepare_file(now); !done) return done.error();
  for (auto step : {&Store::load_meta, &Store::note_start}) {
    if (auto done = (store.get()->*step)(); !done) return done.error();
  }
  return store;
}

Result<void> Store::prepare_file(Timestamp now) {
  auto version = database_.number("PRAGMA user_version");
  if (!version) return version.error();
  if (*version > schema_version) {
    return Error{ErrorCode::conflict, options_.file.string() + ": was written by a newer weir (schema " +
                                          std::to_string(*version) + "); install that version again"};
  }
  // Every transaction is a fold or a start: rare, and durable before the journal's file is used again.
  auto set = database_.run(
      "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=OFF; "
      "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-1024; PRAGMA journal_size_limit=" +
      std::to_string(shares_.wal) + "; PRAGMA max_page_count=" + std::to_string(page_limit()));
  if (!set) return set;
  auto checkpoints = Checkpoints::open(database_, options_.file, vfs_, shares_.wal / page_bytes / 2);
  if (!checkpoints) return checkpoints.error();
  checkpoints_ = std::move(*checkpoints);
  return *version == 0 ? make_schema(now) : Result<void>{};
}

Result<void> Store::make_schema(Timestamp now) {
  auto epoch = random_epoch();
  if (!epoch) return epoch.error();
  auto transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  auto made = database_.run(std::string(schema) + "PRAGMA user_version=" + std::to_string(schema_version));
  if (!made) return made;
  if (auto done = set_meta("epoch", std::to_string(*epoch)); !done) return done;
  if (auto done = set_meta("made", format_time(now)); !done) return done;
  return transaction->commit();
}

Result<void> Store::load_meta() {
  auto epoch = meta("epoch");
  if (!epoch) return epoch.error();
  const auto* end = epoch->data() + epoch->size();
  if (std::from_chars(epoch->data(), end, epoch_).ptr != end || epoch->empty())
    return Error{ErrorCode::invalid, options_.file.string() + ": has no epoch"};
  return {};
}

Result<void> Store::note_start() {
  auto clean = meta("clean");
  if (!clean) return clean.error();
  unclean_ = *clean == "0";
  auto transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  if (auto done = find_boot(); !done) return done;
  if (auto done = set_meta("clean", "0"); !done) return done;
  return transaction->commit();
}

Result<void> Store::find_boot() {
  auto newest = database_.prepare("SELECT id, kernel FROM boot ORDER BY id DESC LIMIT 1");
  if (!newest) return newest.error();
  auto row = newest->step();
  if (!row) return row.error();
  const auto kernel = options_.boot.empty() ? kernel_boot_id() : options_.boot;
  boot_ = *row ? static_cast<std::uint32_t>(newest->integer(0)) : 0;
  if (*row && newest->text(1) == kernel) return {};
  rebooted_ = *row;
  ++boot_;
  newest->reset();
  auto insert = database_.prepare("INSERT INTO boot(id, kernel) VALUES (?, ?)");
  if (!insert) return insert.error();
  return insert->bind(boot_, kernel).run();
}

std::vector<std::optional<Timestamp>> Store::boot_times() {
  std::vector<std::optional<Timestamp>> times;
  const auto done = for_each_row(database_.prepare("SELECT id, zero FROM boot"), [&](const Statement& row) {
    const auto id = static_cast<std::size_t>(row.integer(0));
    times.resize(std::max(times.size(), id + 1));
    if (!row.null(1)) times[id] = from_nanoseconds(row.integer(1));
  });
  if (!done) log_line(Severity::error, "log", done.error().message);
  return times;
}

Result<void> Store::set_boot_time(Timestamp zero) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  auto set = database_.prepare("UPDATE boot SET zero = ? WHERE id = ?");
  if (!set) return set.error();
  if (auto done = set->bind(to_nanoseconds(zero), boot_).run(); !done) return done;
  // Their rollups were made of times that are corrected from now on.
  auto reopen = database_.prepare("UPDATE partition SET closed = 0 WHERE unset_boot = ? AND thinned = 0");
  if (!reopen) return reopen.error();
  if (auto done = reopen->bind(boot_).run(); !done) return done;
  return transaction->commit();
}

Result<FoldPoint> Store::folded() {
  auto row = database_.prepare("SELECT part, seq FROM fold");
  if (!row) return row.error();
  auto there = row->step();
  if (!there) return there.error();
  if (!*there) return Error{ErrorCode::invalid, options_.file.string() + ": does not say what is folded"};
  return FoldPoint{static_cast<std::uint64_t>(row->integer(0)), static_cast<std::uint64_t>(row->integer(1))};
}

Result<void> Store::load(Dictionary& dictionary, State& state) {
  if (auto done = dictionary.load(database_); !done) return done;
  return state.load(database_, dictionary.names());
}

Result<std::vector<LossTotals::Row>> Store::load_losses() {
  std::vector<LossTotals::Row> rows;
  auto read = for_each_row(
      database_.prepare("SELECT id, place, reason, device, metric, detail, count, first, last FROM loss ORDER BY id"),
      [&](const Statement& row) {
        LossTotals::Row loss{.id = static_cast<std::uint64_t>(row.integer(0))};
        int column = 1;
        for (auto* text : {&loss.entry.where, &loss.entry.reason, &loss.entry.device, &loss.entry.metric, &loss.entry.detail})
          *text = row.text(column++);
        loss.entry.count = static_cast<std::uint64_t>(row.integer(6));
        loss.entry.first = from_nanoseconds(row.integer(7));
        loss.entry.last = from_nanoseconds(row.integer(8));
        rows.push_back(std::move(loss));
      });
  if (!read) return read.error();
  return rows;
}

Result<Store::Age> Store::age() {
  auto row = database_.prepare("SELECT age, wall FROM fold");
  if (!row) return row.error();
  auto there = row->step();
  if (!there) return there.error();
  return Age{std::chrono::nanoseconds(row->integer(0)), from_nanoseconds(row->integer(1))};
}

Result<void> Store::set_age(Age age) {
  auto update = database_.prepare("UPDATE fold SET age = ?, wall = ?");
  if (!update) return update.error();
  return update->bind(static_cast<std::int64_t>(age.age.count()), to_nanoseconds(age.wall)).run();
}

Result<void> Store::note_unset_boot(std::int64_t partition) {
  auto update = database_.prepare("UPDATE partition SET unset_boot = ? WHERE id = ?");
  if (!update) return update.error();
  return update->bind(boot_, partition).run();
}

Result<std::uint64_t> Store::pages_used() {
  auto used =
      database_.number("SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)");
  if (!used) return used.error();
  return static_cast<std::uint64_t>(*used);
}

Result<std::uint64_t> Store::pages_free() {
  auto free = database_.number("PRAGMA freelist_count");
  if (!free) return free.error();
  return static_cast<std::uint64_t>(*free);
}

Result<void> Store::limit_pages(std::uint64_t bytes_elsewhere) {
  const auto least = 64 * page_bytes;
  auto limit = std::max(shares_.database - std::min(shares_.database, bytes_elsewhere), least) / page_bytes;
  auto pages = database_.number("PRAGMA page_count");
  if (!pages) return pages.error();
  limit = std::min(limit, static_cast<std::uint64_t>(*pages) + growth_possible(static_cast<std::uint64_t>(*pages)));
  if (limit == page_limit_) return {};
  page_limit_ = limit;
  return database_.run("PRAGMA max_page_count=" + std::to_string(limit));
}

/// In pages. The file system keeps room for the WAL: without it nothing could be dropped to make room.
std::uint64_t Store::growth_possible(std::uint64_t pages) const {
  std::error_code error;
  const auto space = std::filesystem::space(options_.file.parent_path(), error);
  if (error) return shares_.database / page_bytes;  // not known: not limited
  const auto bytes_of = [&error](const std::filesystem::path& file) {
    const auto bytes = std::filesystem::file_size(file, error);
    return error ? 0 : bytes;
  };
  const auto wal = bytes_of(options_.file.string() + "-wal");
  const auto database = bytes_of(options_.file);
  // Pages that are in the WAL only will have to move.
  const auto taken = shares_.wal - std::min(shares_.wal, wal) + (pages * page_bytes - std::min(pages * page_bytes, database));
  return (space.available - std::min<std::uint64_t>(space.available, taken)) / page_bytes;
}

std::filesystem::path Store::ballast_file() const { return options_.file.string() + std::string(ballast_suffix); }

std::uint64_t Store::database_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto* suffix : {"", "-wal", "-shm"}) {
    std::error_code error;
    const auto size = std::filesystem::file_size(options_.file.string() + suffix, error);
    if (!error) bytes += size;
  }
  return bytes;
}

Result<void> Store::prune() {
  // A command's row is written anew with each of its states: the newest numbers are those that ended last.
  auto commands = database_.prepare(
      "DELETE FROM command WHERE rowid IN (SELECT rowid FROM (SELECT rowid, row_number() OVER newest AS place, "
      "sum(64 + length(args) + length(result) + length(error) + length(key)) OVER newest AS bytes "
      "FROM command WHERE state NOT IN ('queued', 'sent') WINDOW newest AS (ORDER BY rowid DESC)) WHERE place > ? OR bytes > ?)");
  if (!commands) return commands.error();
  auto keys = database_.prepare(
      "DELETE FROM push WHERE key IN (SELECT key FROM (SELECT key, row_number() OVER newest AS place, "
      "sum(32 + length(key)) OVER newest AS bytes FROM push WINDOW newest AS (ORDER BY last DESC, key)) WHERE place > ? OR bytes "
      "> ?)");
  if (!keys) return keys.error();
  if (auto done = commands->bind(std::uint64_t{limits::commands_finished_max}, shares_.keys).run(); !done) return done;
  return keys->bind(std::uint64_t{limits::idempotency_keys_max}, shares_.keys).run();
}

Result<std::size_t> Store::salvage_progress(const std::filesystem::path& aside) {
  auto noted = meta("salvaged " + aside.filename().string());
  if (!noted) return noted.error();
  if (*noted == "done") return salvage_done;
  std::size_t progress = 0;
  std::from_chars(noted->data(), noted->data() + noted->size(), progress);
  return progress;
}

Result<void> Store::note_salvage(const std::filesystem::path& aside, std::size_t progress, const std::optional<Partition>& made) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  if (made) {
    if (auto done = insert_partition(database_, *made); !done) return done;
  }
  const auto key = "salvaged " + aside.filename().string();
  if (auto done = set_meta(key, made ? std::to_string(progress) : "done"); !done) return done;
  return transaction->commit();
}

Result<void> Store::mark_clean() {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  if (auto done = set_meta("clean", "1"); !done) return done;
  if (auto done = transaction->commit(); !done) return done;
  return checkpoint(Checkpoints::Then::empty);
}

void Store::mark_damaged() { weir::gateway::mark_damaged(options_.file); }

Result<void> Store::set_meta(std::string_view key, std::string_view value) {
  auto statement = database_.prepare("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)");
  if (!statement) return statement.error();
  return statement->bind(key, value).run();
}

Result<std::string> Store::meta(std::string_view key) {
  auto statement = database_.prepare("SELECT value FROM meta WHERE key = ?");
  if (!statement) return statement.error();
  auto row = statement->bind(key).step();
  if (!row) return row.error();
  return *row ? std::string(statement->text(0)) : std::string();
}

}  // namespace weir::gateway
