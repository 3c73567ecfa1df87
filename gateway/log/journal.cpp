#include "log/journal.h"

#include <algorithm>

namespace weir::gateway {

namespace {

constexpr std::size_t fill_bytes = std::size_t{64} << 10U;

const Error not_folded{ErrorCode::full,
                       "the log's journal is full and can't be folded into the database: the disk is full or slow"};

}  // namespace

std::filesystem::path journal_file(const std::filesystem::path& database, unsigned slot) {
  auto file = database;
  return file += "-journal-" + std::to_string(slot);
}

Result<std::unique_ptr<Journal>> Journal::open(Options options) {
  std::unique_ptr<Journal> journal(new Journal(std::move(options)));
  for (unsigned slot = 0; slot < journal_slots; ++slot) {
    std::error_code ignored;
    if (!std::filesystem::exists(journal_file(journal->options_.database, slot), ignored)) continue;
    auto file = journal->open_slot(slot);
    if (!file) return file.error();
    auto size = (*file)->size();
    if (!size) return size.error();
    journal->slots_[slot].preallocated = *size >= journal->options_.capacity;
    auto part = JournalPart::recover(*file, journal->options_.epoch, slot);
    if (!part) return part.error();
    if (!*part || (*part)->name().number <= journal->options_.folded) continue;
    journal->slots_[slot].used = true;
    journal->parts_.push_back(*part);
    journal->next_number_ = std::max(journal->next_number_, (*part)->name().number + 1);
  }
  std::sort(journal->parts_.begin(), journal->parts_.end(),
            [](const auto& a, const auto& b) { return a->name().number < b->name().number; });
  return journal;
}

Result<std::shared_ptr<File>> Journal::open_slot(unsigned slot) {
  if (slots_[slot].file) return slots_[slot].file;
  auto file = File::open(journal_file(options_.database, slot), options_.vfs);
  if (!file) return file.error();
  slots_[slot].file = std::make_shared<File>(std::move(*file));
  return slots_[slot].file;
}

std::vector<JournalPartPtr> Journal::parts() const {
  std::lock_guard lock(mutex_);
  return parts_;
}

JournalPartPtr Journal::oldest_sealed() const {
  std::lock_guard lock(mutex_);
  return parts_.empty() || parts_.front() == appended_to_ ? nullptr : parts_.front();
}

/// One that is filled. Only a log whose files are all new begins with one that is not: later, on a full disk, it would take the
/// room that folding needs.
Journal::Slot* Journal::find_free() {
  const auto filled = [](const Slot& slot) { return slot.preallocated; };
  const bool all_new = std::none_of(slots_.begin(), slots_.end(), filled);
  const auto found =
      std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) { return !slot.used && (slot.preallocated || all_new); });
  return found == slots_.end() ? nullptr : &*found;
}

bool Journal::slot_free() {
  std::lock_guard lock(mutex_);
  return find_free() != nullptr;
}

bool Journal::wait_for_slot(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  return released_.wait_for(lock, at_most, [this] { return find_free() != nullptr; });
}

Result<void> Journal::cut_torn() {
  std::lock_guard lock(mutex_);
  for (const auto& part : parts_) {
    if (!part->torn()) continue;
    if (auto done = part->cut_torn(); !done) return done;
    slots_[part->slot()].preallocated = false;
  }
  return {};
}

/// A part is durable before the next one has entries: so what a power cut tears is at the end of all.
Result<void> Journal::roll(std::uint64_t first_seq, Timestamp now) {
  if (active_) {
    active_->pad();
    if (auto done = active_->sync(); !done) return done;
    std::erase(unsynced_, active_);
  }
  std::lock_guard lock(mutex_);
  auto* slot = find_free();
  if (slot == nullptr) return not_folded;
  const auto index = static_cast<unsigned>(slot - slots_.data());
  auto file = open_slot(index);
  if (!file) return file.error();
  auto part = JournalPart::begin(*file, {options_.epoch, next_number_, first_seq}, index, now);
  if (!part) return part.error();
  ++next_number_;
  slot->used = true;
  parts_.push_back(*part);
  active_ = appended_to_ = *part;
  return {};
}

void Journal::seal() {
  std::lock_guard lock(mutex_);
  active_ = appended_to_ = nullptr;
}

Result<void> Journal::append(std::string_view payload, std::uint64_t records) {
  if (unsynced_.empty() || unsynced_.back() != active_) unsynced_.push_back(active_);
  return active_->append(payload, records);
}

std::vector<JournalPartPtr> Journal::take_unsynced() {
  if (active_) active_->pad();
  return std::exchange(unsynced_, {});
}

void Journal::release(const JournalPartPtr& part) {
  std::lock_guard lock(mutex_);
  std::erase(parts_, part);
  slots_[part->slot()].used = false;
  released_.notify_all();
}

Result<void> Journal::preallocate() {
  std::shared_ptr<File> file;
  Slot* slot = nullptr;
  {
    std::lock_guard lock(mutex_);
    const auto empty =
        std::find_if(slots_.begin(), slots_.end(), [](const Slot& each) { return !each.used && !each.preallocated; });
    if (empty == slots_.end()) return {};
    slot = &*empty;
    auto opened = open_slot(static_cast<unsigned>(slot - slots_.data()));
    if (!opened) return opened.error();
    file = *opened;
    slot->used = true;  // not for roll() while it is filled
  }
  auto done = fill(*file);
  std::lock_guard lock(mutex_);
  slot->used = false;
  slot->preallocated = done.ok();
  released_.notify_all();
  return done;
}

/// An entry larger than what was left has made the file longer than a part needs.
Result<void> Journal::fill(File& file) const {
  auto size = file.size();
  if (!size) return size.error();
  if (*size > options_.capacity) return file.truncate(options_.capacity);
  const std::string zeros(fill_bytes, '\0');
  for (auto offset = *size; offset < options_.capacity; offset += fill_bytes) {
    const auto part = std::string_view(zeros).substr(0, std::min<std::uint64_t>(fill_bytes, options_.capacity - offset));
    if (auto done = file.write(offset, part); !done) {
      (void)file.truncate(*size);  // room that somebody else needs more
      return done;
    }
  }
  return file.sync();
}

std::uint64_t Journal::bytes_on_disk() const {
  std::uint64_t bytes = 0;
  for (unsigned slot = 0; slot < journal_slots; ++slot) {
    std::error_code error;
    const auto size = std::filesystem::file_size(journal_file(options_.database, slot), error);
    if (!error) bytes += size;
  }
  return bytes;
}

}  // namespace weir::gateway
