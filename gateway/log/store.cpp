#include "log/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

#include "base/log_line.h"

namespace weir::gateway {

namespace {

constexpr std::int64_t schema_version = 1;
constexpr std::uint64_t pages_floor = 64;
constexpr int partitions_aim = 16;  // so that retention takes about a sixteenth at a time
constexpr std::uint64_t partition_bytes_floor = std::uint64_t{256} << 10U;
constexpr std::uint64_t partition_bytes_ceiling = std::uint64_t{8} << 20U;  // what a start after a crash has to replay

// After a power cut up to a second of committed records may be gone (not under `strict`), and clients may have seen their
// numbers. The log goes on behind all numbers that could have been given out in that time.
constexpr std::uint64_t seq_skip_after_power_cut = std::uint64_t{1} << 24U;

constexpr std::string_view schema = R"(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE series(id INTEGER PRIMARY KEY, device TEXT, metric TEXT);
CREATE TABLE unit(id INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE partition(id INTEGER PRIMARY KEY, first_seq INTEGER, begun INTEGER);
CREATE TABLE newest(series INTEGER PRIMARY KEY, seq INTEGER, received INTEGER, body BLOB);
CREATE TABLE device(name TEXT PRIMARY KEY, state TEXT, reader TEXT, last_seen INTEGER) WITHOUT ROWID;
CREATE TABLE mark(device TEXT, boot INTEGER, sequence INTEGER);
CREATE TABLE consumer(name TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID;
CREATE TABLE command(id TEXT PRIMARY KEY, device TEXT, name TEXT, args TEXT, state TEXT, by TEXT, created INTEGER,
                     deadline INTEGER, result TEXT, error TEXT, key TEXT);
CREATE TABLE push(key TEXT PRIMARY KEY, last INTEGER, accepted INTEGER, received INTEGER) WITHOUT ROWID;
)";

std::string boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

Result<std::uint32_t> random_epoch() {
  std::uint32_t epoch = 0;
  if (getrandom(&epoch, sizeof epoch, 0) != sizeof epoch) return Error{ErrorCode::io, "the kernel gives no random numbers"};
  return epoch;
}

Result<int> lock_file(const std::filesystem::path& file) {
  const auto path = file.string() + ".lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Error{ErrorCode::io, path + ": cannot be made; data_dir must exist and be writable by this user"};
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  return Error{ErrorCode::conflict,
               file.string() + ": another weir has this log open; stop it, or give this one its own data_dir"};
}

std::filesystem::path set_aside(const std::filesystem::path& file, Timestamp now) {
  auto aside = file;
  aside += ".damaged-" + format_time(std::chrono::floor<std::chrono::seconds>(now));
  for (const auto* suffix : {"", "-wal", "-shm"}) {
    std::error_code ignored;  // -wal and -shm need not be there
    std::filesystem::rename(file.string() + suffix, aside.string() + suffix, ignored);
  }
  return aside;
}

}  // namespace

std::string journal_table(std::int64_t partition) { return "journal_" + std::to_string(partition); }

std::string make_partition_sql(std::int64_t partition, std::uint64_t first_seq, Timestamp begun) {
  return "CREATE TABLE " + journal_table(partition) +
         "(first_seq INTEGER PRIMARY KEY, received INTEGER, records INTEGER, body BLOB);"
         "INSERT INTO partition(id, first_seq, begun) VALUES (" +
         std::to_string(partition) + "," + std::to_string(first_seq) + "," + std::to_string(to_nanoseconds(begun)) + ");";
}

Store::Store(Database database, const LogOptions& options)
    : database_(std::move(database)),
      options_(options),
      page_limit_(std::max((options.size_max - std::min(2 * wal_bytes_max, options.size_max / 2)) / page_bytes, pages_floor)),
      partition_bytes_max_(std::clamp(options.size_max / partitions_aim, partition_bytes_floor, partition_bytes_ceiling)) {}

Store::~Store() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

Result<std::unique_ptr<Store>> Store::open(const LogOptions& options, Timestamp now) {
  auto lock = lock_file(options.file);
  if (!lock) return lock.error();
  auto opened = open_once(options, now);
  if (!opened && opened.error().code == ErrorCode::invalid) {
    const auto aside = set_aside(options.file, now);
    log_line(Severity::error, "log", opened.error().message + "; set aside as " + aside.string() + ", a new log begins");
    opened = open_once(options, now);
    if (opened) (*opened)->replaced_ = aside;
  }
  if (opened) (*opened)->lock_fd_ = *lock;
  if (!opened) ::close(*lock);
  return opened;
}

Result<std::unique_ptr<Store>> Store::open_once(const LogOptions& options, Timestamp now) {
  auto database = Database::open(options.file, Database::Mode::create);
  if (!database) return database.error();
  std::unique_ptr<Store> store(new Store(std::move(*database), options));
  if (auto done = store->prepare_file(now); !done) return done.error();
  for (auto step : {&Store::load, &Store::replay, &Store::notice_power_cut, &Store::prepare_append, &Store::measure}) {
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
  const auto checkpoint_pages = std::clamp<std::uint64_t>(options_.size_max / 16 / page_bytes, 64, 1000);
  // NORMAL: consistent always, but only a checkpoint syncs; `bounded` adds one sync a second, `strict` syncs each commit.
  const std::string synchronous = options_.durability == Durability::strict ? "FULL" : "NORMAL";
  auto set =
      database_.run("PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=" + synchronous +
                    "; PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-1024; PRAGMA journal_size_limit=" +
                    std::to_string(wal_bytes_max) + "; PRAGMA wal_autocheckpoint=" + std::to_string(checkpoint_pages) +
                    "; PRAGMA max_page_count=" + std::to_string(page_limit_));
  if (!set) return set;
  return *version == 0 ? make_schema(now) : Result<void>{};
}

Result<void> Store::make_schema(Timestamp now) {
  auto epoch = random_epoch();
  if (!epoch) return epoch.error();
  auto transaction = begin();
  if (!transaction) return transaction.error();
  auto made = database_.run(std::string(schema) + make_partition_sql(1, 1, now) +
                            "PRAGMA user_version=" + std::to_string(schema_version));
  if (!made) return made;
  if (auto done = set_meta("epoch", std::to_string(*epoch)); !done) return done;
  return transaction->commit();
}

Result<void> Store::load() {
  auto epoch = meta("epoch");
  if (!epoch) return epoch.error();
  std::from_chars(epoch->data(), epoch->data() + epoch->size(), epoch_);
  if (auto done = dictionary_.load(database_); !done) return done;
  return load_partitions();
}

Result<void> Store::load_partitions() {
  auto rows = database_.prepare("SELECT id, first_seq, begun FROM partition ORDER BY id");
  if (!rows) return rows.error();
  for (;;) {
    auto row = rows->step();
    if (!row) return row.error();
    if (!*row) break;
    partitions_.push_back({.id = rows->integer(0),
                           .first_seq = static_cast<std::uint64_t>(rows->integer(1)),
                           .begun = from_nanoseconds(rows->integer(2))});
  }
  if (partitions_.empty()) return Error{ErrorCode::invalid, options_.file.string() + ": has no partition"};
  for (auto& partition : partitions_) {
    const auto table = journal_table(partition.id);
    auto totals =
        database_.prepare("SELECT received, first_seq + records - 1 FROM " + table + " ORDER BY first_seq DESC LIMIT 1");
    if (!totals) return totals.error();
    auto row = totals->step();
    if (!row) return row.error();
    head_ = partition.first_seq - 1;
    if (!*row) continue;
    partition.newest = from_nanoseconds(totals->integer(0));
    head_ = static_cast<std::uint64_t>(totals->integer(1));
  }
  next_seq_ = head_ + 1;
  return {};
}

Result<void> Store::replay() {
  const auto names = dictionary_.names();
  if (auto loaded = state_.load(database_, names); !loaded) return loaded;
  auto& partition = partitions_.back();  // the state is saved whenever a partition begins
  partition.bytes = 0;
  auto rows = database_.prepare("SELECT first_seq, received, body FROM " + journal_table(partition.id) + " ORDER BY first_seq");
  if (!rows) return rows.error();
  for (;;) {
    auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return {};
    const auto body = rows->text(2);
    auto decoded = decode_body(body, static_cast<std::uint64_t>(rows->integer(0)), from_nanoseconds(rows->integer(1)), names);
    if (!decoded) return decoded.error();
    for (const auto& mark : decoded->marks) state_.apply(mark);
    for (const auto& record : decoded->records) state_.apply(record);
    partition.bytes += body.size();
  }
}

Result<void> Store::notice_power_cut() {
  auto clean = meta("clean");
  auto boot = meta("boot");
  if (!clean || !boot) return clean ? boot.error() : clean.error();
  unclean_ = *clean == "0";
  if (unclean_ && *boot != boot_id() && options_.durability != Durability::strict) next_seq_ += seq_skip_after_power_cut;
  auto transaction = begin();
  if (!transaction) return transaction.error();
  if (auto done = set_meta("boot", boot_id()); !done) return done;
  if (auto done = set_meta("clean", "0"); !done) return done;
  return transaction->commit();
}

Result<void> Store::prepare_append() {
  auto append = database_.prepare("INSERT INTO " + journal_table(partitions_.back().id) +
                                  "(first_seq, received, records, body) VALUES (?, ?, ?, ?)");
  if (!append) return append.error();
  append_ = std::move(*append);
  return {};
}

Result<void> Store::append_row(Timestamp received, std::size_t records, std::string_view body) {
  return append_.bind(next_seq_, to_nanoseconds(received), static_cast<std::int64_t>(records), Blob{body}).run();
}

void Store::appended(Timestamp received, std::size_t records, std::size_t bytes) {
  auto& partition = partitions_.back();
  head_ = next_seq_ + records - 1;
  next_seq_ = head_ + 1;
  partition.newest = received;
  partition.bytes += bytes;
}

bool Store::partition_full() const { return partitions_.back().bytes >= partition_bytes_max_; }

Result<void> Store::reload_state() {
  state_ = {};
  return replay();
}

std::uint64_t Store::oldest() const { return partitions_.front().first_seq; }

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
