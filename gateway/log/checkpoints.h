// Checkpoints: what SQLite's WAL holds moves into the database, and a kill in the middle of that is known at the next start.
//
// Purpose    while pages move, the database is half old and half new, and only the WAL makes it whole; afterwards too, the
//            WAL's frames go before its pages until it is begun anew. A note beside it says how many frames the WAL has. A start
//            that finds fewer knows that the WAL is damaged; SQLite alone takes what is intact at its beginning for all there
//            ever was.
// Thread     that of the database's connection.
// Ownership  of the note's file. The database must outlive it, and nobody else may make checkpoints.
// Limits     one block to write and one sync for each checkpoint.
// Errors     of Database and File; `invalid` from ready_wal(): frames are missing. Source: https://sqlite.org/walformat.html
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "log/database.h"
#include "log/file.h"

namespace weir::gateway {

/// "weir.db-checkpoint" beside "weir.db".
std::filesystem::path checkpoint_note(const std::filesystem::path& database);

/// Before SQLite opens the database: a WAL of which a power cut left nothing that counts is emptied. `invalid`: it has not what
/// the note says.
Result<void> ready_wal(const std::filesystem::path& database, const std::string& vfs);

class Checkpoints {
 public:
  /// From here on there is one after each commit that leaves more than `frames_max` frames. `vfs`: of the database.
  static Result<std::unique_ptr<Checkpoints>> open(Database& database, const std::filesystem::path& file, const std::string& vfs,
                                                   std::uint64_t frames_max);
  Checkpoints(const Checkpoints&) = delete;
  Checkpoints& operator=(const Checkpoints&) = delete;

  enum class Then { begin_anew, empty };  // what becomes of the WAL
  /// One now.
  Result<void> run(Then then);

 private:
  Checkpoints(Database& database, File note, std::uint64_t frames_max)
      : database_(database), note_(std::move(note)), frames_max_(frames_max) {}
  bool committed(std::uint64_t frames);
  Result<bool> move_pages();                      // true: all, and it is noted
  Result<bool> moved_all(std::string_view mode);  // by a checkpoint of SQLite's
  Result<void> empty();
  Result<std::uint64_t> salts();
  Result<void> settle();  // before anything is committed: the next commit may begin the WAL anew

  Database& database_;
  File note_;
  const std::uint64_t frames_max_;
  std::uint64_t frames_ = 0, salts_ = 0;  // of the WAL as of the last commit
  std::optional<std::string> unsettled_;  // what the note must say, and perhaps does not yet
};

}  // namespace weir::gateway
