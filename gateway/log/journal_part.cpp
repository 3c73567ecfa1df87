#include "log/journal_part.h"

#include <algorithm>

#include "log/bytes.h"
#include "log/checksum.h"
#include "log/entry.h"

namespace weir::gateway {

namespace {

constexpr std::string_view magic = "weirjrn2";
constexpr std::size_t header_bytes = 8 + 4 + 8 + 8 + 8 + 4;
constexpr std::size_t frame_head_bytes = 16;  // size, CRC, where the entry before ended, up to where all was synced
constexpr std::uint64_t search_bytes = std::uint64_t{64} << 10U;
constexpr std::size_t read_ahead_bytes = std::size_t{128} << 10U;
constexpr std::uint64_t index_step = std::uint64_t{64} << 10U;

constexpr std::uint64_t next_sector(std::uint64_t offset) {
  return (offset + journal_sector_bytes - 1) / journal_sector_bytes * journal_sector_bytes;
}

/// What lies in the file from an earlier part has another seed, and never passes for an entry of this one.
std::uint32_t seed_of_part(std::uint32_t epoch, std::uint64_t number) { return seed_of(std::uint64_t{epoch} << 32U ^ number); }

std::uint32_t frame_crc(std::string_view size, std::string_view rest, std::uint32_t seed) {
  return crc32c(rest, crc32c(size, seed));
}

struct Header {
  JournalPart::Name name;
  Timestamp begun;
};

std::string encode_header(const JournalPart::Name& name, Timestamp begun) {
  std::string header(magic);
  put_fixed(header, name.epoch, 4);
  put_fixed(header, name.number, 8);
  put_fixed(header, name.first_seq, 8);
  put_fixed(header, static_cast<std::uint64_t>(to_nanoseconds(begun)), 8);
  put_fixed(header, crc32c(header), 4);
  header.resize(journal_sector_bytes);
  return header;
}

std::optional<Header> decode_header(std::string_view bytes) {
  if (bytes.size() < header_bytes || !bytes.starts_with(magic)) return std::nullopt;
  ByteReader in(bytes.substr(magic.size(), header_bytes - magic.size()));
  Header header;
  header.name.epoch = static_cast<std::uint32_t>(in.fixed(4));
  header.name.number = in.fixed(8);
  header.name.first_seq = in.fixed(8);
  header.begun = from_nanoseconds(static_cast<std::int64_t>(in.fixed(8)));
  if (in.fixed(4) != crc32c(bytes.substr(0, header_bytes - 4))) return std::nullopt;
  return header;
}

}  // namespace

JournalPart::JournalPart(std::shared_ptr<File> file, Name name, unsigned slot, Timestamp begun)
    : file_(std::move(file)),
      name_(name),
      slot_(slot),
      begun_(begun),
      seed_(seed_of_part(name.epoch, name.number)),
      end_(journal_sector_bytes),
      last_seq_(name.first_seq - 1),
      next_(journal_sector_bytes) {}

Result<std::shared_ptr<JournalPart>> JournalPart::begin(std::shared_ptr<File> file, Name name, unsigned slot, Timestamp now) {
  if (auto done = file->write(0, encode_header(name, now)); !done) return done.error();
  return std::shared_ptr<JournalPart>(new JournalPart(std::move(file), name, slot, now));
}

Result<std::shared_ptr<JournalPart>> JournalPart::recover(std::shared_ptr<File> file, std::uint32_t epoch, unsigned slot) {
  auto bytes = file->read(0, journal_sector_bytes);
  if (!bytes) return bytes.error();
  const auto header = decode_header(*bytes);
  if (!header || header->name.epoch != epoch) return std::shared_ptr<JournalPart>();
  std::shared_ptr<JournalPart> part(new JournalPart(std::move(file), header->name, slot, header->begun));
  if (auto found = part->find_end(part); !found) return found.error();
  return part;
}

/// A torn end looks like damage with nothing behind it. Where entries are missing before others, one of these may say that
/// those were synced: then they are damaged. Else a power cut took them, and those behind, which were not synced either, go
/// with them: what is kept is what was committed up to some moment, and nobody depends on what is missing.
Result<void> JournalPart::find_end(const std::shared_ptr<const JournalPart>& self) {
  auto size = file_->size();
  if (!size) return size.error();
  JournalReader reader(self, journal_sector_bytes, *size);
  std::vector<Tear> tears;
  for (;;) {
    auto payload = reader.next();
    if (!payload) return payload.error();
    if (payload->empty()) break;
    const auto range = range_of_entry(*payload);
    if (range.first_seq <= last_seq()) continue;  // can't be: numbers only grow
    const auto& before = reader.before();
    if (before.end != end_) tears.push_back({end_, before.end, last_seq(), damaged_records_});
    std::erase_if(tears, [&](const Tear& tear) { return tear.missing_end <= before.synced; });
    damaged_records_ += range.first_seq - last_seq() - 1;
    index(range.first_seq, reader.offset() - payload->size() - frame_head_bytes);
    last_seq_ = range.first_seq + range.record_count - 1;
    end_ = reader.offset();
  }
  if (!tears.empty()) end_at(tears.front());
  return {};
}

void JournalPart::end_at(const Tear& tear) {
  torn_ = true;
  seen_seq_ = last_seq();
  damaged_records_ = tear.damaged_records + (last_seq() - tear.last_seq);
  last_seq_ = tear.last_seq;
  end_ = tear.end;
  std::erase_if(index_, [&](const Indexed& indexed) { return indexed.offset >= tear.end; });
}

Result<void> JournalPart::cut_torn() {
  if (!torn_) return {};
  if (auto done = file_->truncate(bytes()); !done) return done;
  return file_->sync();
}

Result<void> JournalPart::append(std::string_view payload, std::uint64_t records) {
  std::string size;
  put_fixed(size, payload.size(), 4);
  frame_.clear();
  put_fixed(frame_, bytes(), 4);
  put_fixed(frame_, synced_, 4);
  frame_ += payload;
  put_fixed(size, frame_crc(size, frame_, seed_), 4);
  frame_.insert(0, size);
  if (auto done = file_->write(next_, frame_); !done) return done;
  index(last_seq() + 1, next_);
  next_ += frame_.size();
  last_seq_.store(last_seq() + records, std::memory_order_release);
  end_.store(next_, std::memory_order_release);
  return {};
}

void JournalPart::pad() {
  next_ = next_sector(next_);
  padded_ = next_;
}

Result<void> JournalPart::sync() {
  const auto covered = padded_.load();
  if (auto done = file_->sync(); !done) return done;
  for (auto synced = synced_.load(); synced < covered && !synced_.compare_exchange_weak(synced, covered);) {
  }
  return {};
}

void JournalPart::index(std::uint64_t first_seq, std::uint64_t offset) {
  std::lock_guard lock(mutex_);
  if (index_.empty() || offset - index_.back().offset >= index_step) index_.push_back({first_seq, offset});
}

JournalPart::Place JournalPart::place_of(std::uint64_t seq) const {
  std::lock_guard lock(mutex_);
  const auto next = std::upper_bound(index_.begin(), index_.end(), seq,
                                     [](std::uint64_t wanted, const Indexed& indexed) { return wanted < indexed.seq; });
  return next == index_.begin() ? begin_place() : Place{std::prev(next)->offset};
}

Result<std::string_view> JournalReader::next() {
  const auto from = offset_;
  auto payload = frame_at_offset();
  if (!payload || !payload->empty()) return payload;
  offset_ = next_sector(from);  // behind a sync
  payload = frame_at_offset();
  if (!payload || (!payload->empty() && before_.end == from)) return payload;
  return search(from);
}

/// Where an entry is damaged the next one may begin at any byte; far behind it only the sectors are looked at.
Result<std::string_view> JournalReader::search(std::uint64_t from) {
  const auto next = [from](std::uint64_t at) { return at < from + search_bytes ? at + 1 : next_sector(at + 1); };
  for (offset_ = from; offset_ + frame_head_bytes <= end_; offset_ = next(offset_)) {
    auto payload = frame_at_offset();
    if (!payload || !payload->empty()) return payload;
    if (offset_ % journal_sector_bytes != 0) continue;
    auto bytes = part_->file_->read(0, journal_sector_bytes);
    if (!bytes) return bytes.error();
    const auto header = decode_header(*bytes);
    if (!header || header->name.number != part_->name_.number || header->name.epoch != part_->name_.epoch)
      return Error{ErrorCode::not_found, "this part of the journal is folded"};
  }
  return std::string_view();
}

/// Empty: no whole entry begins here.
Result<std::string_view> JournalReader::frame_at_offset() {
  auto there = have(frame_head_bytes);
  if (!there) return there.error();
  if (!*there) return std::string_view();
  ByteReader head(std::string_view(buffer_).substr(offset_ - buffer_offset_, frame_head_bytes));
  const auto size = head.fixed(4);
  const auto crc = head.fixed(4);
  const Before before{.end = head.fixed(4), .synced = head.fixed(4)};
  const bool possible =
      size > 0 && size <= end_ - offset_ - frame_head_bytes && before.end <= offset_ && before.synced <= offset_;
  if (!possible) return std::string_view();
  there = have(frame_head_bytes + size);
  if (!there) return there.error();
  if (!*there) return std::string_view();
  const auto frame = std::string_view(buffer_).substr(offset_ - buffer_offset_, frame_head_bytes + size);
  if (crc != frame_crc(frame.substr(0, 4), frame.substr(8), part_->seed_)) return std::string_view();
  before_ = before;
  offset_ += frame.size();
  return frame.substr(frame_head_bytes);
}

/// Whether `size` bytes from the offset are in the buffer now.
Result<bool> JournalReader::have(std::size_t size) {
  const auto in_buffer = offset_ >= buffer_offset_ && offset_ + size <= buffer_offset_ + buffer_.size();
  if (in_buffer) return true;
  if (offset_ + size > end_) return false;
  auto bytes = part_->file_->read(offset_, std::min(std::max(size, read_ahead_bytes), end_ - offset_));
  if (!bytes) return bytes.error();
  buffer_ = std::move(*bytes);
  buffer_offset_ = offset_;
  return buffer_.size() >= size;
}

}  // namespace weir::gateway
