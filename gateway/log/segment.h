// Segment: consecutive records, by series, in few bytes. docs/storage.md.
//
// Purpose    one form for both places where records lie: the entry of a commit in the journal, and the rows of a folded
//            partition. A header has the commits (when the records were received) and the events; each series has a chunk
//            with its readings and their numbers.
// Thread     an encoder belongs to one thread; decoding is pure.
// Ownership  Records that are decoded point into the Names' series and units, which outlive them.
// Limits     segment_records_max records where partitions are folded; an entry may have up to column_values_max.
// Errors     `invalid` where a body is damaged: nothing of it is used. Chunk rows end with a CRC-32C that is seeded with
//            their place, so a row that lies in the wrong place is damaged as well.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/pace.h"
#include "log/record.h"

namespace weir::gateway {

inline constexpr std::size_t segment_records_max = 131'072;

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

struct PlacedEvent {
  std::uint32_t offset;
  Kind kind;
  bool stamped;  // has the time of its commit
  Timestamp time;
  std::shared_ptr<const Event> event;
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
    bool stamped;  // has the time of its commit
    Timestamp time;
    Value value;
  };
  /// Of a series in this segment; of an older generation where it has no readings here.
  struct Tally {
    std::uint32_t generation = 0, readings = 0, place = 0;
  };
  using Places = std::span<const std::uint32_t>;  // in readings_

  void count(std::uint32_t series);
  void sort_by_series();
  Places readings_of(std::uint32_t series) const;
  template <class Of>
  void put_column(std::string& out, Places places, Of of);
  unsigned bits_of_numbers() const;
  void set_pace();
  void put_readings(std::string& out, Places places);
  void put_paced_numbers(std::string& out, Places places, std::size_t begin);
  void put_by_series(std::string& out);
  void put_in_order(std::string& out);
  void clear();

  std::size_t records_ = 0;
  std::vector<Commit> commits_;
  std::vector<Reading> readings_;
  std::vector<PlacedEvent> events_;
  std::uint32_t generation_ = 1;
  std::vector<Tally> tallies_;         // by series id
  std::vector<std::uint32_t> series_;  // with readings here
  std::vector<std::uint32_t> order_;   // readings by series
  std::vector<std::int64_t> column_;   // scratch
  std::vector<Value> values_;          // scratch
  Pace pace_;                          // empty: numbers need none
  std::string other_;                  // scratch
};

/// Slot 0.
struct SegmentHeader {
  std::uint64_t first_seq = 0;
  std::size_t records = 0;
  std::vector<Commit> commits;
  Timestamp newest_received;   // of all commits, not corrected
  std::vector<Record> events;  // numbered, in order
  Pace pace;                   // may be empty

  std::vector<std::uint32_t> ends;  // of each commit: how many records there are up to its last
  std::vector<Timestamp> received;  // of each commit, corrected where that is possible
  /// The commit of the record at `offset`, below `records`; it is `from` or a later one.
  std::size_t commit_of(std::uint32_t offset, std::size_t from = 0) const;
};
Result<SegmentHeader> decode_header(std::string_view body, std::uint64_t first_seq, const Names& names);

/// The readings of one chunk whose numbers lie in [from, to), in order, appended to `out`. Of the others nothing is kept.
Result<void> decode_chunk(std::string_view body, std::uint32_t series_id, const SegmentHeader& header, std::uint64_t from,
                          std::uint64_t to, const Names& names, std::vector<Record>& out);

/// What finish() wrote: all records, in the order of their numbers, appended to `out`. The header's commits are as they were
/// stored: not corrected.
Result<SegmentHeader> decode_segment(std::string_view body, std::uint64_t first_seq, const Names& names,
                                     std::vector<Record>& out);

}  // namespace weir::gateway
