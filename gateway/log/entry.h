// Entry: what one commit writes into the journal. docs/storage.md has the format.
//
// Purpose    a commit is one entry, so that it is there whole or not at all: its records and everything else that must be
//            durable with them. Start and fold redo entries in order; redoing one twice changes nothing.
// Thread     pure functions.
// Ownership  a decoded entry's `records` looks into the bytes it was decoded from.
// Limits     none of its own: the queue's limits bound a commit.
// Errors     `invalid` where a payload is damaged: nothing of it is used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "log/log.h"

namespace weir::gateway {

/// The newest sequence taken of a node's boot.
struct Mark {
  std::string device;
  std::uint32_t boot = 0;
  std::uint32_t sequence = 0;
};

/// The answer to a push with an idempotency key.
struct Push {
  std::string key;
  std::uint64_t last = 0;
  std::uint64_t accepted = 0;
  Timestamp received;
};

struct Entry {
  std::uint64_t first_seq = 0;     // of its records, or of the next where it has none
  std::uint64_t record_count = 0;  // their numbers are consecutive
  std::uint32_t first_series = 0, first_unit = 0;
  std::vector<std::pair<std::string, std::string>> series;  // new names (device, metric), ids from first_series
  std::vector<std::string> units;                           // new names, ids from first_unit
  std::vector<Mark> marks;
  std::vector<ConsumerMark> consumers;
  std::vector<CommandStatus> commands;
  std::vector<Push> pushes;
  std::string_view records;  // a segment of one commit, as SegmentEncoder::finish() writes it
};

/// Everything but the records, which follow it to the end of the payload.
void encode_entry_head(std::string& payload, const Entry& entry);
Result<Entry> decode_entry(std::string_view payload);

/// Of an entry only where its records are: cheap. A payload whose CRC is right has them.
struct EntryRange {
  std::uint64_t first_seq, record_count;
};
EntryRange range_of_entry(std::string_view payload);

}  // namespace weir::gateway
