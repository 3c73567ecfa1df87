// Pace: about which number a segment's records had at which time.
//
// Purpose    readings arrive nearly in the order of their times: told from its time, a reading's number takes a few bits,
//            however many series there are that overtake each other.
// Thread     plain values.
// Ownership  owns its times.
// Limits     one time for each pace_stride records.
// Errors     reading a damaged one fails the ByteReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "log/bytes.h"

namespace weir::gateway {

inline constexpr std::int64_t pace_stride = 64;

class Pace {
 public:
  bool empty() const { return times_.empty(); }
  void clear() { times_.clear(), block_.clear(), numbers_ = 0; }

  /// The next reading by number, and its time from the segment's base. finish() after the last.
  void add(std::uint32_t number, std::int64_t time);
  void finish();

  /// About the number of a reading of this time. `hint` begins at 0 and makes ascending times quick.
  std::int64_t number_at(std::int64_t time, std::size_t& hint) const;

  void put(std::string& out) const;
  void read(ByteReader& in);

 private:
  void end_stride();

  std::vector<std::int64_t> times_;  // in the middle of each stride; never one before the one before
  std::vector<std::int64_t> block_;  // those of the stride that is being added
  std::size_t numbers_ = 0;          // added so far, and those between them
};

}  // namespace weir::gateway
