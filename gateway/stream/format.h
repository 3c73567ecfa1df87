// Formats: a record as JSON or CBOR, with exactly the members of CONTRACT 3.
//
// Purpose    encode once, share: transports only frame these bytes.
// Thread     pure functions.
// Limits     a record is at most limits::payload_bytes_max.
// Errors     none. Source: RFC 8259, RFC 8949 (definite lengths, text keys, the same members as JSON).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "log/record.h"

namespace weir::gateway {

/// What a consumer adds to a record.
struct Marks {
  bool backlog = false;      // older than what this consumer already had of the series
  std::uint64_t merged = 0;  // lag=latest and every: how many older readings this one stands for
};

void append_json(std::string& out, const Record& record, Marks marks = {});
void append_cbor(std::string& out, const Record& record, Marks marks = {});

struct Gap {
  Cursor from;          // what the client had
  Cursor to;            // the last that is lost
  std::uint64_t lost = 0;  // records; 0 where unknown (another epoch)
  std::string_view reason;  // "expired", "epoch"
};
void append_json(std::string& out, const Gap& gap);
void append_cbor(std::string& out, const Gap& gap);

}  // namespace weir::gateway
