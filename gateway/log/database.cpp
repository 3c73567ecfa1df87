#include "log/database.h"

#include <sqlite3.h>

#include "log/vfs.h"

namespace weir::gateway {

namespace {

ErrorCode classify(int code) {
  switch (code & 0xFF) {
    case SQLITE_FULL: return ErrorCode::full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorCode::unavailable;
    case SQLITE_CONSTRAINT: return ErrorCode::conflict;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::invalid;
    default: break;
  }
  if (code == SQLITE_IOERR_SHMSIZE) return ErrorCode::full;  // no room for the WAL's index
  const auto damaged = code == SQLITE_IOERR_DATA || code == SQLITE_IOERR_CORRUPTFS;
  return damaged ? ErrorCode::invalid : ErrorCode::io;
}

Error failure(sqlite3* database, int code) {
  const char* file = sqlite3_db_filename(database, "main");
  const int extended = sqlite3_extended_errcode(database);
  return {classify((extended & 0xFF) == (code & 0xFF) ? extended : code),
          std::string(file ? file : "log") + ": " + sqlite3_errmsg(database) + " (SQLite " + std::to_string(extended) + ")"};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

void Statement::bind_one(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }

void Statement::bind_one(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_one(int index, Blob blob) {
  sqlite3_bind_blob64(statement_.get(), index, blob.bytes.data() ? blob.bytes.data() : "", blob.bytes.size(), SQLITE_STATIC);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  const auto done = code == SQLITE_DONE;
  Error error;
  if (!done) error = failure(sqlite3_db_handle(statement_.get()), code);
  reset();
  if (!done) return error;
  return false;
}

Result<void> Statement::run() {
  for (;;) {
    auto row = step();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string_view Statement::text(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

Result<Database> Database::open(const std::filesystem::path& file, Mode mode, const std::string& vfs) {
  const int flags = mode == Mode::create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, vfs.empty() ? nullptr : vfs.c_str());
  Database database(raw);
  if (code != SQLITE_OK) {
    return Error{classify(code), file.string() + ": " + (raw ? sqlite3_errmsg(raw) : "out of memory") +
                                     "; data_dir must exist and be writable by this user"};
  }
  sqlite3_busy_timeout(raw, 3000);
  int reserved = page_checksum_bytes;  // has an effect on a file that has no page yet
  if (!vfs.empty()) sqlite3_file_control(raw, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code =
      sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return failure(database_.get(), code);
  return Statement(raw);
}

Result<void> Database::run(std::string_view sql) {
  const int code = sqlite3_exec(database_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(database_.get(), code);
  return {};
}

Result<std::int64_t> Database::number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->integer(0) : 0;
}

Result<std::string> Database::wal_header() {
  sqlite3_file* wal = nullptr;
  sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&wal));
  std::string header(32, '\0');
  if (wal == nullptr || wal->pMethods == nullptr) return std::string();
  const int code = wal->pMethods->xRead(wal, header.data(), static_cast<int>(header.size()), 0);
  if (code == SQLITE_IOERR_SHORT_READ) return std::string();
  if (code != SQLITE_OK) return Error{ErrorCode::io, "the WAL can't be read (SQLite " + std::to_string(code) + ")"};
  return header;
}

void Database::take_over_checkpoints(CheckpointHooks hooks) {
  hooks_ = std::make_unique<CheckpointHooks>(std::move(hooks));
  const auto committed = [](void* context, sqlite3*, const char*, int frames) {
    const auto& told = static_cast<CheckpointHooks*>(context)->committed;
    return told(static_cast<std::uint64_t>(frames)) ? SQLITE_OK : SQLITE_IOERR;
  };
  sqlite3_wal_hook(database_.get(), committed, hooks_.get());  // in place of SQLite's own, which made checkpoints
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Result<void> Database::copy_to(Database& target) {
  auto* backup = sqlite3_backup_init(target.database_.get(), "main", database_.get(), "main");
  if (backup == nullptr) return failure(target.database_.get(), sqlite3_errcode(target.database_.get()));
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped == SQLITE_DONE && finished == SQLITE_OK) return {};
  return failure(target.database_.get(), finished != SQLITE_OK ? finished : stepped);
}

Result<Transaction> Transaction::begin(Database& database) {
  for (auto [statement, sql] :
       {std::pair{&database.begin_, "BEGIN IMMEDIATE"}, {&database.commit_, "COMMIT"}, {&database.rollback_, "ROLLBACK"}}) {
    if (*statement) continue;
    auto prepared = database.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  if (database.hooks_) {
    if (auto may = database.hooks_->before(); !may) return may.error();
  }
  if (auto begun = database.begin_.run(); !begun) return begun.error();
  return Transaction(database);
}

Result<void> Transaction::commit() {
  auto committed = database_->commit_.run();
  if (committed) database_ = nullptr;
  return committed;
}

Transaction::~Transaction() {
  // SQLite may have rolled back by itself (SQLITE_FULL); then this fails and nothing is left to do.
  if (database_) (void)database_->rollback_.run();
}

}  // namespace weir::gateway
