// The rest of Keeper: space. What is kept is cut down before the limit is met, and when the file system is full.
#include <algorithm>

#include "base/log_line.h"
#include "log/aside.h"
#include "log/file.h"
#include "log/keeper.h"

namespace weir::gateway {

namespace {

constexpr std::uint64_t rollup_share = 4;  // rollups may take up to a quarter of the database

Result<bool> done_with(Result<void> done) {
  if (!done) return done.error();
  return true;
}

}  // namespace

Result<void> Keeper::keep_size(std::uint64_t bytes_needed) {
  for (;;) {
    auto used = store_->pages_used();
    if (!used) return used.error();
    const auto limit = store_->page_limit() / 10 * 9;
    if (*used + bytes_needed / page_bytes <= limit) return {};
    auto cut = cut_down(false);
    if (!cut) return cut.error();
    if (!*cut) return {};  // nothing is left to let go of; SQLite says whether it fits
  }
}

/// The disk is full, or the database is at its limit. To drop anything SQLite needs room in the WAL: if others took that, there
/// is the ballast. Then the database takes what is next without growing.
Result<void> Keeper::relieve(std::uint64_t bytes_needed) {
  remove_ballast();
  const auto use_wal_again = [this] { (void)store_->checkpoint(Checkpoints::Then::begin_anew); };  // else in the next round
  use_wal_again();
  for (;;) {
    auto free = store_->pages_free();
    if (!free) return free.error();
    if (*free >= bytes_needed / page_bytes) break;
    auto cut = cut_down(true);
    if (!cut) return cut.error();
    if (!*cut) break;
  }
  use_wal_again();
  return {};
}

/// One step: rollups beyond their share, then raw readings that everybody has read (thinned where rollups are there), then
/// rollups of what everybody has read, then the rest; the partition that is added to only where `all`. False: there is nothing.
Result<bool> Keeper::cut_down(bool all) {
  if (const auto aside = asides(store_->file()); !aside.empty()) {
    log_line(Severity::warning, "log", "space runs short: " + aside.front().string() + " is removed");
    remove_aside(aside.front());
    return true;
  }
  std::uint64_t rollups = 0;
  for (const auto& partition : partitions_) rollups += partition.rollup_bytes;
  const auto end = partitions_.end() - (all || partitions_.empty() ? 0 : 1);
  const auto first = [&](auto wanted) { return std::find_if(partitions_.begin(), end, wanted); };
  const auto thinned = first([](const Partition& p) { return p.thinned; });
  auto raw = first([this](const Partition& p) { return !p.thinned && read_by_all(p); });
  const bool too_many_rollups = rollups > store_->page_limit() * page_bytes / rollup_share;
  if (thinned != end && (too_many_rollups || raw == end)) return done_with(drop(thinned));
  if (raw == end) raw = partitions_.begin();
  if (raw == end) return false;
  return done_with(raw->closed ? thin(*raw) : drop(raw));
}

Result<void> Keeper::thin(Partition& partition) {
  const Dropped dropped{"thinned", partition.records, partition.oldest_time, partition.newest_time};
  if (!partition.salvaged) hooks_.oldest(oldest_without(partition));
  if (auto done = thin_partition(store_->database(), partition); !done) return done;
  hooks_.dropped(dropped);
  return {};
}

Result<void> Keeper::drop(std::vector<Partition>::iterator partition) {
  const Dropped dropped{"expired", partition->records, partition->oldest_time, partition->newest_time};
  const bool raw = !partition->thinned;
  if (raw && !partition->salvaged) hooks_.oldest(oldest_without(*partition));
  if (auto done = drop_partition(store_->database(), *partition); !done) return done;
  partitions_.erase(partition);
  if (raw) hooks_.dropped(dropped);
  return {};
}

std::uint64_t Keeper::oldest_without(const Partition& gone) const {
  for (const auto& partition : partitions_) {
    if (partition.id != gone.id && !partition.salvaged && !partition.thinned) return partition.first_seq;
  }
  return gone.last_seq + 1;
}

bool Keeper::read_by_all(const Partition& partition) const {
  return partition.salvaged || partition.thinned || partition.last_seq <= hooks_.read();
}

/// The limit, less what damaged files take; a ballast, so that there is something to let go of when others have filled the
/// file system; a spare journal file, so that commits never wait for one.
Result<void> Keeper::tend_disk() {
  stats_.aside_bytes = 0;
  for (const auto& aside : asides(store_->file())) stats_.aside_bytes += weir::gateway::aside_bytes(aside);
  if (auto done = store_->limit_pages(stats_.aside_bytes); !done) return done;
  if (auto done = keep_size(0); !done) return done;
  if (auto done = ballast_there_ ? Result<void>{} : make_ballast(); !done) return done;
  return journal_.preallocate();
}

Result<void> Keeper::make_ballast() {
  auto file = File::open(store_->ballast_file(), store_->vfs());
  if (!file) return file.error();
  const std::string zeros(store_->shares().ballast, '\0');
  if (auto done = file->write(0, zeros); !done) {
    remove_ballast();
    return done;
  }
  ballast_there_ = true;
  return {};
}

void Keeper::remove_ballast() {
  std::error_code ignored;
  ballast_there_ = false;
  std::filesystem::remove(store_->ballast_file(), ignored);
}

}  // namespace weir::gateway
