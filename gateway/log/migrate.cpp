#include "log/migrate.h"

#include <array>
#include <fstream>

#include "base/log_line.h"
#include "log/checkpoints.h"
#include "log/database.h"
#include "log/files.h"
#include "log/schema.h"
#include "log/store.h"

namespace weir::gateway {

namespace {

void remove_leftovers(const std::filesystem::path& file) {
  std::error_code ignored;
  for (const auto* suffix : {"", "-journal", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix, ignored);
}

/// What the file says, without its WAL; 0: look there. SQLite keeps it at offset 60 (https://sqlite.org/fileformat.html, 1.3).
std::uint32_t version_in_header(const std::filesystem::path& log) {
  std::array<char, 64> header{};
  std::ifstream(log, std::ios::binary).read(header.data(), header.size());
  std::uint32_t version = 0;
  for (std::size_t i = 60; i < header.size(); ++i) version = version << 8U | static_cast<unsigned char>(header[i]);
  return version;
}

/// What is in the WAL becomes part of the file: beside the new one it would be taken for its own.
Result<std::int64_t> fold_wal(const std::filesystem::path& log, const std::string& vfs) {
  auto database = Database::open(log, Database::Mode::create, vfs);
  if (!database) return database.error();
  auto version = database->number("PRAGMA user_version");
  if (!version || *version == 0 || *version >= schema_version) return version;
  if (auto done = database->run("PRAGMA journal_mode=DELETE"); !done) return done.error();
  return version;
}

}  // namespace

Result<void> bring_up_to_date(const std::filesystem::path& log, const std::string& vfs) {
  std::error_code error;
  if (!std::filesystem::exists(log, error) || version_in_header(log) >= schema_version) return {};
  if (std::filesystem::exists(checkpoint_note(log), error)) return {};  // a new log whose first commit is in its WAL only
  const auto made = std::filesystem::path(log.string() + ".migrating");
  remove_leftovers(made);
  const auto version = fold_wal(log, vfs);
  if (!version) return version.error();
  if (*version != 1) return {};
  const auto migrated = migrate_from_1(log, made, vfs);
  if (!migrated) {
    remove_leftovers(made);
    return migrated.error();
  }
  std::filesystem::permissions(made, std::filesystem::status(log, error).permissions(), error);
  if (auto moved = move_durably(made, log); !moved) return moved;
  std::string text = log.string() + ": brought from schema 1 to " + std::to_string(schema_version) + ", " +
                     std::to_string(migrated->records) + " records";
  if (migrated->damaged_rows > 0) text += "; " + std::to_string(migrated->damaged_rows) + " damaged rows were left out";
  log_line(migrated->damaged_rows > 0 ? Severity::warning : Severity::info, "log", text);
  return {};
}

}  // namespace weir::gateway
