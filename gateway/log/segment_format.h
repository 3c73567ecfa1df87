// The parts of a segment that are written in one file and read in another. docs/storage.md.
//
// Purpose    header of the commits and events; flags of a chunk; the CRC of a row.
// Thread     pure functions.
// Ownership  none.
// Limits     of segment.h.
// Errors     reading fails the ByteReader.
#pragma once

#include <string>
#include <string_view>

#include "log/bytes.h"
#include "log/checksum.h"
#include "log/segment.h"

namespace weir::gateway {

/// How finish() lays readings out: many of a series lie in chunks, few in one column each over all series.
enum class SegmentLayout : std::uint8_t { none = 0, by_series = 1, in_order = 2 };

/// What needs no column.
enum ChunkFlags : std::uint8_t {
  chunk_one_unit = 1,     // its number follows
  chunk_all_good = 2,     // qualities
  chunk_clocks_set = 4,   // no reading of an unsynchronised clock
  chunk_all_stamped = 8,  // each reading has the time of its commit
  chunk_paced = 16,       // numbers are told from what the pace says of the times
};
inline constexpr std::uint8_t chunk_flags_all = 31;

/// Times are told from the first commit's, so that in a short segment they are small.
inline std::int64_t segment_base(const std::vector<Commit>& commits) {
  return commits.empty() ? 0 : to_nanoseconds(commits.front().received);
}

inline std::int64_t add_wrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
inline std::int64_t subtract_wrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

void put_segment_header(std::string& out, std::size_t records, const std::vector<Commit>& commits,
                        const std::vector<PlacedEvent>& events, const Pace& pace);
SegmentHeader read_segment_header(ByteReader& in, std::uint64_t first_seq, const Names& names);

/// A row's place is its segment and its slot.
inline std::uint32_t row_seed(std::uint64_t first_seq, std::uint32_t slot) { return seed_of(first_seq << 20U ^ slot); }

inline void put_row_crc(std::string& body, std::uint64_t first_seq, std::uint32_t slot) {
  put_fixed(body, crc32c(body, row_seed(first_seq, slot)), 4);
}

/// The body without its CRC; nothing where this is wrong.
inline std::string_view without_row_crc(std::string_view body, std::uint64_t first_seq, std::uint32_t slot) {
  if (body.size() < 4) return {};
  ByteReader crc(body.substr(body.size() - 4));
  body.remove_suffix(4);
  return crc.fixed(4) == crc32c(body, row_seed(first_seq, slot)) ? body : std::string_view();
}

}  // namespace weir::gateway
