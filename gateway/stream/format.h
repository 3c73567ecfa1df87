// Formats: a record as JSON or CBOR, with exactly the members of CONTRACT 3.
//
// Purpose    one text for each record and format; transports only frame it.
// Thread     pure functions.
// Limits     a record is at most limits::payload_bytes_max.
// Errors     none. Source: RFC 8259, RFC 8949 (definite lengths, text keys, the same members as JSON).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "log/record.h"

namespace weir::gateway {

enum class Format : std::uint8_t { json, cbor };
inline constexpr std::size_t format_count = 2;

/// What a consumer adds to a record.
struct Marks {
  bool backlog = false;      // older than what this consumer already had of the series
  std::uint64_t merged = 0;  // lag=latest and every: how many older readings this one stands for

  bool empty() const { return !backlog && merged == 0; }
};

void append_json(std::string& out, const Record& record, Marks marks = {});
void append_cbor(std::string& out, const Record& record, Marks marks = {});

struct Gap {
  Cursor from;              // what the client had
  Cursor to;                // the last that is lost
  std::uint64_t lost = 0;   // records; 0 where unknown (another epoch)
  std::string_view reason;  // "expired", "epoch"
};
void append_json(std::string& out, const Gap& gap);
void append_cbor(std::string& out, const Gap& gap);

template <class T>
void append(std::string& out, Format format, const T& what, auto... marks) {
  format == Format::json ? append_json(out, what, marks...) : append_cbor(out, what, marks...);
}

}  // namespace weir::gateway
