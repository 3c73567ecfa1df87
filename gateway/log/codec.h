// Codec: records as the packed body of a journal row. gateway/docs/storage.md has the format.
//
// Purpose    one row per commit: the records of the commit and the marks of its nodes, in one blob.
// Thread     pure functions.
// Limits     a body is refused on reading as soon as a length runs past its end.
// Errors     `invalid` when a body is damaged: nothing of it is used.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/record.h"

namespace weir::gateway {

/// The newest sequence taken of a node's boot.
struct Mark {
  std::string device;
  std::uint32_t boot = 0;
  std::uint32_t sequence = 0;
};

/// Where ids become series and units. Unknown: null. Another type than the Names of segment.h, also for the linker.
inline namespace rows {
struct Names {
  std::function<const Series*(std::uint32_t id)> series;
  std::function<const std::string*(std::uint32_t id)> unit;
};
}  // namespace rows

/// A record's unit is interned; `unit_id` says as what.
void encode_marks(std::string& body, const std::vector<Mark>& marks);
void encode_record(std::string& body, const Record& record, std::uint32_t unit_id);

struct DecodedBody {
  std::vector<Mark> marks;
  std::vector<Record> records;
};
Result<DecodedBody> decode_body(std::string_view body, std::uint64_t first_seq, Timestamp received, const Names& names);

}  // namespace weir::gateway
