// Segment: consecutive records, by series, in few bytes. docs/storage.md.
//
// Purpose    one form for both places where records lie: the entry of a commit in the journal, and the rows of a folded
//            partition. A header has the commits (when the records were received) and the events; each series has a chunk
//            with its readings and their numbers.
// Thread     an encoder belongs to one thread; decoding is pure.
// Ownership  Records that are decoded point into the Names' series and units, which outlive them.
// Limits     segment_records_max records.
// Errors     `invalid` where a body is damaged: nothing of it is used. Chunk rows end with a CRC-32C that is seeded with
//            their place, so a row that lies in the wrong place is damaged as well.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/record.h"

namespace weir::gateway {

inline constexpr std::size_t segment_records_max = 65'536;

/// What the records of one commit share.
struct Commit {
  std::uint32_t records = 0;      // how many; in a segment also 0, where a commit had none
  Timestamp received;             // whole milliseconds
  std::int64_t monotonic_ms = 0;  // since the boot
  std::uint32_t boot = 0;         // a small number: the log's table of boots has the kernel's id
  bool synchronised = true;       // false: the gateway's own clock was not set

  friend bool operator==(const Commit&, const Commit&) = default;
};

/// Where small numbers become series, units and times. Unknown: null, or no correction.
struct Names {
  std::function<const Series*(std::uint32_t id)> series;
  std::function<const std::string*(std::uint32_t id)> unit;
  /// The wall time of the boot's monotonic zero, once the clock was set: corrects commits that were not `synchronised`.
  std::function<std::optional<Timestamp>(std::uint32_t boot)> boot_time;
};

/// Gathers records in order and writes them by series. finish() empties it; its memory is used again.
class SegmentEncoder {
 public:
  /// The records that are added next belong to this commit. `commit.records` is counted here.
  void begin_commit(const Commit& commit);
  /// The next number. The unit's id is its place in the dictionary; 0 for events.
  void add(const Record& record, std::uint32_t unit_id);
  std::size_t records() const { return records_; }

  /// A row of a folded partition: slot 0 is the header, slot n + 1 the chunk of the series with id n, ascending.
  struct Row {
    std::uint32_t slot;
    std::string body;  // with its CRC
  };
  std::vector<Row> finish_rows(std::uint64_t first_seq);
  /// All of it in one body, appended, without CRCs: for a journal's entry, which has its own.
  void finish(std::string& body);

 private:
  struct Reading {
    std::uint32_t series, offset, unit;
    Quality quality;
    bool clock_unsynchronised;
    Timestamp time;
    Value value;
  };
  struct PlacedEvent {
    std::uint32_t offset;
    Kind kind;
    Timestamp time;
    std::shared_ptr<const Event> event;
  };
  std::size_t records_ = 0;
  std::vector<Commit> commits_;
  std::vector<Reading> readings_;
  std::vector<PlacedEvent> events_;
};

/// Slot 0.
struct SegmentHeader {
  std::uint64_t first_seq = 0;
  std::size_t records = 0;
  std::vector<Commit> commits;
  Timestamp newest_received;   // of all commits, not corrected
  std::vector<Record> events;  // numbered, in order
};
Result<SegmentHeader> decode_header(std::string_view body, std::uint64_t first_seq, const Names& names);

/// The readings of one chunk whose numbers lie in [from, to), in order, appended to `out`. Of the others nothing is kept.
Result<void> decode_chunk(std::string_view body, std::uint32_t series_id, const SegmentHeader& header, std::uint64_t from,
                          std::uint64_t to, const Names& names, std::vector<Record>& out);

/// What finish() wrote: all records, in the order of their numbers, appended to `out`. The header's commits are as they were
/// stored: not corrected.
Result<SegmentHeader> decode_segment(std::string_view body, std::uint64_t first_seq, const Names& names, std::vector<Record>& out);

}  // namespace weir::gateway
