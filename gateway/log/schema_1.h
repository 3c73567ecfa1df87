// Schema 1: the log as it was before it had chunks, for whoever updates from there. Only read.
//
// Purpose    a row for each commit: its records and the marks of its nodes, packed one after the other.
// Thread     pure functions.
// Ownership  records point into the Names' series and units, which outlive them.
// Limits     a body is refused as soon as a length runs past its end.
// Errors     `invalid` when a body is damaged: nothing of it is used.
//
//   body     = count mark* record*                     integers are LEB128 varints, signed ones zigzag;
//   mark     = device boot sequence                    text is a length and its bytes
//   record   = head [quality: byte] [time - received: signed, ns] (reading | event)
//   head     = kind in bits 0-2 (1 reading … 6 system), 0x08 time differs, 0x10 the clock was not set, 0x20 quality follows
//   reading  = series unit value
//   value    = 0 double: 8 bytes, little-endian | 1 integer: signed | 2 false | 3 true | 4 text
//   event    = device metric members
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/entry.h"
#include "log/segment.h"

namespace weir::gateway {

struct Schema1Row {
  std::vector<Mark> marks;
  std::vector<Record> records;
};
Result<Schema1Row> decode_schema_1(std::string_view body, std::uint64_t first_seq, Timestamp received, const Names& names);

}  // namespace weir::gateway
