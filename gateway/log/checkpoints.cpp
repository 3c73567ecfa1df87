#include "log/checkpoints.h"

#include <optional>

#include "log/bytes.h"
#include "log/checksum.h"

namespace weir::gateway {

namespace {

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (const auto byte : bytes.substr(at, 4)) value = value << 8U | static_cast<std::uint8_t>(byte);
  return value;
}

/// SQLite's cumulative checksum, of words in the order of bytes that the magic number's last bit says.
class Checksum {
 public:
  explicit Checksum(bool big_endian_words) : big_(big_endian_words) {}
  void add(std::string_view bytes) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first_ += word(bytes, at) + second_;
      second_ += word(bytes, at + 4) + first_;
    }
  }
  bool is_at(std::string_view bytes, std::size_t at) const {
    return first_ == big_endian(bytes, at) && second_ == big_endian(bytes, at + 4);
  }

 private:
  std::uint32_t word(std::string_view bytes, std::size_t at) const {
    const auto value = big_endian(bytes, at);
    return big_ ? value : __builtin_bswap32(value);
  }
  bool big_;
  std::uint32_t first_ = 0, second_ = 0;
};

constexpr std::size_t header_bytes = 32, frame_header_bytes = 24, page_bytes = 4096;
using Salts = std::uint64_t;

Salts salts_at(std::string_view bytes, std::size_t at) { return Salts{big_endian(bytes, at)} << 32U | big_endian(bytes, at + 4); }

/// 0: it has no header, or one that was torn.
Salts salts_of(std::string_view header, Checksum& checksum) {
  if (header.size() < header_bytes) return 0;
  checksum = Checksum((big_endian(header, 0) & 1U) != 0);
  checksum.add(header.substr(0, 24));
  return checksum.is_at(header, 24) ? salts_at(header, 16) : 0;
}

/// Whether the first `frames` of this WAL are intact.
Result<bool> has_frames(const File& wal, std::uint64_t frames, Salts salts, Checksum checksum) {
  for (std::uint64_t i = 0; i < frames; ++i) {
    auto frame = wal.read(header_bytes + i * (frame_header_bytes + page_bytes), frame_header_bytes + page_bytes);
    if (!frame) return frame.error();
    if (frame->size() < frame_header_bytes + page_bytes || salts_at(*frame, 8) != salts) return false;
    checksum.add(std::string_view(*frame).substr(0, 8));
    checksum.add(std::string_view(*frame).substr(frame_header_bytes));
    if (!checksum.is_at(*frame, 16)) return false;
  }
  return true;
}

struct Note {
  enum class State : std::uint8_t {
    settled,  // all that it tells of is in the database as well
    moving,   // pages are on their way: it must be the same WAL
    emptied,  // the WAL counts for nothing, whatever a power cut has left of it
  };
  std::uint64_t frames = 0;  // that the WAL must have, if it is still the same one
  Salts salts = 0;           // which WAL: SQLite gives it new ones whenever it is begun anew
  State state = State::settled;
};
constexpr std::size_t note_bytes = 8 + 8 + 1 + 4;  // and a CRC-32C of these

std::string encode(const Note& note) {
  std::string bytes;
  put_fixed(bytes, note.frames, 8);
  put_fixed(bytes, note.salts, 8);
  put_fixed(bytes, static_cast<std::uint64_t>(note.state), 1);
  put_fixed(bytes, crc32c(bytes), 4);
  return bytes;
}

/// None: there was no checkpoint yet, or the power was cut when the note was written, which was then true before and after.
std::optional<Note> decode(std::string_view bytes) {
  ByteReader in(bytes);
  Note note;
  note.frames = in.fixed(8);
  note.salts = in.fixed(8);
  note.state = static_cast<Note::State>(in.fixed(1));
  const bool whole = in.fixed(4) == crc32c(bytes.substr(0, note_bytes - 4)) && in.ok();
  return whole ? std::optional(note) : std::nullopt;
}

}  // namespace

std::filesystem::path checkpoint_note(const std::filesystem::path& database) {
  auto file = database;
  return file += "-checkpoint";
}

Result<void> ready_wal(const std::filesystem::path& database, const std::string& vfs) {
  const auto name = database.string() + "-wal";
  std::error_code ignored;
  // SQLite removes a WAL that is in the database as a whole: somebody has opened the file with another program.
  if (!std::filesystem::exists(checkpoint_note(database), ignored) || !std::filesystem::exists(name, ignored)) return {};
  auto file = File::open(checkpoint_note(database), vfs);
  if (!file) return file.error();
  auto bytes = file->read(0, note_bytes);
  if (!bytes) return bytes.error();
  const auto note = decode(*bytes);
  auto wal = File::open(name, vfs);
  if (!wal) return wal.error();
  auto header = wal->read(0, header_bytes);
  if (!header) return header.error();
  Checksum checksum(false);
  const auto salts = salts_of(*header, checksum);
  if (!note) return {};
  const bool same = note->salts == salts, moving = note->state == Note::State::moving;
  // Of a header that was torn when the WAL was begun anew, SQLite takes nothing but the salts, and goes on with those.
  const bool counts_for_nothing = same ? note->state == Note::State::emptied : salts == 0 && !moving;
  if (counts_for_nothing) return wal->truncate(0);
  if (!same && !moving) return {};
  auto there = same ? has_frames(*wal, note->frames, salts, checksum) : Result<bool>(false);
  if (!there) return there.error();
  if (*there) return {};
  return Error{ErrorCode::invalid, name + ": frames are missing that were on their way into the database"};
}

Result<std::unique_ptr<Checkpoints>> Checkpoints::open(Database& database, const std::filesystem::path& file,
                                                       const std::string& vfs, std::uint64_t frames_max) {
  auto note = File::open(checkpoint_note(file), vfs);
  if (!note) return note.error();
  std::unique_ptr<Checkpoints> checkpoints(new Checkpoints(database, std::move(*note), frames_max));
  auto& self = *checkpoints;
  database.take_over_checkpoints({.before = [&self] { return self.settle(); },
                                  .committed = [&self](std::uint64_t frames) { return self.committed(frames); }});
  return checkpoints;
}

Result<void> Checkpoints::run(Then then) {
  const auto all = move_pages();
  if (!all) return all.error();
  if (then == Then::begin_anew) return database_.run("PRAGMA wal_checkpoint(RESTART)");
  return *all ? empty() : Result<void>{};
}

/// The WAL is truncated and not synced: a power cut leaves what it likes of it, of which nothing may count.
Result<void> Checkpoints::empty() {
  const auto now = salts();
  if (!now) return now.error();
  unsettled_ = encode({0, *now, Note::State::emptied});
  if (auto done = settle(); !done) return done;
  unsettled_ = encode({0, *now, Note::State::settled});  // before anything else is committed
  const auto done = moved_all("TRUNCATE");
  if (!done) return done.error();
  return *done ? Result<void>{} : settle();  // somebody reads it still
}

/// A checkpoint that fails is made after the next commit. A full disk has time until then, too.
bool Checkpoints::committed(std::uint64_t frames) {
  frames_ = frames;
  const auto which = salts();
  salts_ = which ? *which : 0;
  if (frames <= frames_max_) return true;
  const auto done = move_pages();
  return done || !unsettled_ || done.error().code == ErrorCode::full;
}

/// The note is not synced before: after a power cut the WAL is there up to its last sync, which was earlier still. It is synced
/// afterwards: the next commit may begin the WAL anew.
Result<bool> Checkpoints::move_pages() {
  const auto now = salts();
  if (!now) return now.error();
  // A commit that failed has begun the WAL anew: none of its frames count.
  Note note{*now == salts_ ? frames_ : 0, *now, Note::State::moving};
  // The file's only block, where the file system was full from the first start on: then it is as with SQLite alone.
  auto noted = note_.write(0, encode(note));
  if (!noted && noted.error().code != ErrorCode::full) return noted.error();
  const auto all = moved_all("PASSIVE");
  if (!all) return all.error();
  if (!noted) return false;
  note.state = Note::State::settled;
  unsettled_ = encode(note);
  if (auto done = settle(); !done) return done.error();
  return *all;
}

Result<bool> Checkpoints::moved_all(std::string_view mode) {
  auto statement = database_.prepare("PRAGMA wal_checkpoint(" + std::string(mode) + ")");
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  const bool busy = statement->integer(0) != 0;
  return !busy && statement->integer(1) == statement->integer(2);
}

Result<std::uint64_t> Checkpoints::salts() {
  auto header = database_.wal_header();
  if (!header) return header.error();
  Checksum checksum(false);
  return salts_of(*header, checksum);
}

Result<void> Checkpoints::settle() {
  if (!unsettled_) return {};
  auto done = note_.write(0, *unsettled_);
  if (done) done = note_.sync();
  if (done) unsettled_.reset();
  return done;
}

}  // namespace weir::gateway
