#include "log/aside.h"

#include <algorithm>
#include <fstream>

#include "log/checkpoints.h"
#include "log/journal.h"

namespace weir::gateway {

namespace {

std::filesystem::path with(const std::filesystem::path& file, std::string_view suffix) {
  auto path = file;
  path += suffix;
  return path;
}

std::filesystem::path damage_mark(const std::filesystem::path& file) { return with(file, ".is-damaged"); }

/// All files of a log, those that are not there as well. The database is the last: it is what a name is found by.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& database) {
  std::vector<std::filesystem::path> files;
  for (unsigned slot = 0; slot < journal_slots; ++slot) files.push_back(journal_file(database, slot));
  files.push_back(checkpoint_note(database));
  for (const auto* suffix : {"-wal", "-shm", ""}) files.push_back(with(database, suffix));
  return files;
}

}  // namespace

std::filesystem::path set_aside(const std::filesystem::path& file, Timestamp now, std::string_view infix) {
  auto aside = with(file, std::string(infix) + format_time(std::chrono::floor<std::chrono::seconds>(now)));
  const auto from = files_of(file), to = files_of(aside);
  std::error_code ignored;  // most need not be there
  for (std::size_t i = 0; i < from.size(); ++i) std::filesystem::rename(from[i], to[i], ignored);
  std::filesystem::remove(damage_mark(file), ignored);
  return aside;
}

std::vector<std::filesystem::path> asides(const std::filesystem::path& file) {
  std::vector<std::filesystem::path> found;
  const auto prefix = file.filename().string() + std::string(aside_infix);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(file.parent_path(), error)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with('Z')) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::uint64_t aside_bytes(const std::filesystem::path& aside) {
  std::uint64_t bytes = 0;
  for (const auto& file : files_of(aside)) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (!error) bytes += size;
  }
  return bytes;
}

void remove_aside(const std::filesystem::path& aside) {
  std::error_code ignored;
  for (const auto& file : files_of(aside)) std::filesystem::remove(file, ignored);
}

void mark_damaged(const std::filesystem::path& file) { std::ofstream(damage_mark(file)) << "set aside at the next start\n"; }

bool marked_damaged(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(damage_mark(file), ignored);
}

Error damage_was_found(const std::filesystem::path& file) {
  return {ErrorCode::invalid, file.string() + ": damage was found in it when it ran"};
}

}  // namespace weir::gateway
