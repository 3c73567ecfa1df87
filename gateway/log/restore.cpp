#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/aside.h"
#include "log/backup.h"
#include "log/database.h"
#include "log/files.h"
#include "log/log_lock.h"
#include "log/schema.h"
#include "log/store.h"
#include "log/vfs.h"

namespace weir::gateway {

namespace {

std::filesystem::path beside(std::filesystem::path log) { return log += ".restoring"; }

/// Other numbers will follow than those that clients have seen behind the backup.
Result<std::uint32_t> begin_epoch(const std::filesystem::path& copy) {
  auto database = Database::open(copy, Database::Mode::create, register_vfs());
  if (!database) return database.error();
  std::uint32_t epoch = 0;
  if (getrandom(&epoch, sizeof epoch, 0) != sizeof epoch) return Error{ErrorCode::io, "the kernel gives no random numbers"};
  auto update = database->prepare("UPDATE meta SET value = ? WHERE key = 'epoch'");
  if (!update) return update.error();
  if (auto done = update->bind(std::to_string(epoch)).run(); !done) return done.error();
  return epoch;
}

Result<std::uint64_t> head_of(const std::filesystem::path& copy) {
  auto database = Database::open(copy, Database::Mode::read_only, register_vfs());
  if (!database) return database.error();
  auto seq = database->number("SELECT seq FROM fold");
  if (!seq) return seq.error();
  return static_cast<std::uint64_t>(*seq);
}

/// A log that runs, or was stopped by force, is more than its database.
Result<void> must_be_whole(const std::filesystem::path& from) {
  std::error_code ignored;
  auto wal = from;
  wal += "-wal";
  bool more = std::filesystem::exists(wal, ignored) && std::filesystem::file_size(wal, ignored) > 0;
  for (unsigned slot = 0; slot < journal_slots; ++slot) more |= std::filesystem::exists(journal_file(from, slot), ignored);
  if (!more) return {};
  return Error{ErrorCode::invalid,
               from.string() + ": is a log with files beside it, not a backup; `weir backup` makes one of it"};
}

/// Root may restore; the gateway must be able to write what it restored, and nobody else needs to.
void give_to_owner_of(const std::filesystem::path& folder, const std::filesystem::path& file) {
  (void)chmod(file.c_str(), S_IRUSR | S_IWUSR);
  struct stat owner {};
  if (stat(folder.c_str(), &owner) != 0 || geteuid() != 0) return;
  (void)!chown(file.c_str(), owner.st_uid, owner.st_gid);
}

}  // namespace

Result<Restored> restore(const std::filesystem::path& from, const std::filesystem::path& log, Timestamp now) {
  if (auto whole = must_be_whole(from); !whole) return whole.error();
  auto lock = LogLock::take(log);
  if (!lock) return lock.error();
  const auto copy = beside(log);
  if (auto copied = copy_whole(from, copy); !copied) return copied.error();
  auto epoch = begin_epoch(copy);
  if (!epoch) return epoch.error();
  auto head = head_of(copy);
  if (!head) return head.error();
  give_to_owner_of(std::filesystem::absolute(log).parent_path(), copy);
  Restored restored{.epoch = *epoch, .head = *head};
  std::error_code ignored;
  if (std::filesystem::exists(log, ignored)) restored.aside = set_aside(log, now, replaced_infix);
  if (auto moved = move_durably(copy, log); !moved) return moved.error();
  return restored;
}

}  // namespace weir::gateway
