// Database: SQLite with Results instead of return codes.
//
// Purpose    the only place that knows sqlite3.h besides database.cpp's callers in this folder.
// Thread     a Database and its Statements belong to one thread at a time.
// Ownership  a Statement must not outlive its Database.
// Limits     none of its own.
// Errors     `full` for SQLITE_FULL, `unavailable` for BUSY, `conflict` for CONSTRAINT, `invalid` for CORRUPT, NOTADB
//            and wrong checksums, `io` for everything else: after `io` the file's state is in doubt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace weir::gateway {

/// Bytes, as opposed to text.
struct Blob {
  std::string_view bytes;
};

class Statement {
 public:
  Statement() = default;

  // Parameters are numbered from 1, in the order of the call; text and blobs must live until the next reset.
  template <class... Values>
  Statement& bind(const Values&... values) {
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }

  Result<bool> step();  // true: a row; false: done (and reset)
  Result<void> run();   // to the end, then reset
  void reset();

  explicit operator bool() const { return statement_ != nullptr; }
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  // also blobs; valid until the next step
  bool null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  void bind_one(int index, std::int64_t value);
  void bind_one(int index, std::uint64_t value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, std::uint32_t value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, int value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, std::string_view text);
  void bind_one(int index, Blob blob);
  void bind_one(int index, const std::string& text) { bind_one(index, std::string_view(text)); }
  void bind_one(int index, const char* text) { bind_one(index, std::string_view(text)); }

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  enum class Mode { create, read_only };
  /// `vfs`: a name from register_vfs(), whose checksums a new file then has; empty: SQLite's default.
  static Result<Database> open(const std::filesystem::path& file, Mode mode, const std::string& vfs = {});

  Result<Statement> prepare(std::string_view sql);
  Result<void> run(std::string_view sql);             // one or several statements without parameters
  Result<std::int64_t> number(std::string_view sql);  // the first column of the first row
  Result<std::string> wal_header();                   // its 32 bytes; none: it is empty
  struct CheckpointHooks {
    std::function<Result<void>()> before;                 // each Transaction; where it fails, none begins
    std::function<bool(std::uint64_t frames)> committed;  // how many the WAL has now; false: the commit fails with `io`, though
                                                          // it is durable
  };
  /// SQLite makes no checkpoint by itself any more.
  void take_over_checkpoints(CheckpointHooks hooks);
  /// All of this one in place of what `target` has; inside a read transaction of this one: of its moment.
  Result<void> copy_to(Database& target);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  friend class Transaction;
  explicit Database(sqlite3* database) : database_(database) {}
  std::unique_ptr<CheckpointHooks> hooks_;  // SQLite keeps a pointer to it
  std::unique_ptr<sqlite3, Close> database_;
  Statement begin_, commit_, rollback_;  // prepared at first use: a transaction for each commit must cost little
};

/// Runs `statement` and hands each row to `row`.
template <class Row>
Result<void> for_each_row(Result<Statement> statement, const Row& row) {
  if (!statement) return statement.error();
  for (;;) {
    auto more = statement->step();
    if (!more) return more.error();
    if (!*more) return {};
    row(std::as_const(*statement));
  }
}

/// BEGIN IMMEDIATE; rolled back unless commit() was ok. The Database must not move meanwhile.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(other.database_) { other.database_ = nullptr; }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace weir::gateway
