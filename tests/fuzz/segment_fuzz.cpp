// Any bytes as a segment's body and as its rows, with a CRC that is right; any records as a segment, which gives them back.
#include <algorithm>
#include <array>

#include "check.h"
#include "fuzz_values.h"
#include "log/checksum.h"
#include "log/segment.h"
#include "log/segment_format.h"

namespace {

using namespace weir;
using namespace weir::gateway;

constexpr std::uint64_t first_seq = 77;
const std::array<Series, 5> all_series{{{0, "a", "m"}, {1, "b", "m"}, {2, "c", "m"}, {3, "d", "m"}, {4, "e", "m"}}};
const std::array<std::string, 3> units{"", "Cel", "V"};

Names names() {
  return {.series = [](std::uint32_t id) { return id < all_series.size() ? &all_series[id] : nullptr; },
          .unit = [](std::uint32_t id) { return id < units.size() ? &units[id] : nullptr; },
          .boot_time = [](std::uint32_t boot) { return boot % 2 ? std::optional(Timestamp()) : std::nullopt; }};
}

void decode_any(std::string_view body) {
  std::vector<Record> out;
  const auto header = decode_segment(body, first_seq, names(), out);
  check(header ? out.size() == header->records : out.empty());
  for (std::size_t i = 0; i < out.size(); ++i) check(out[i].seq == first_seq + i);
}

/// The header, two bytes that say how long it is before it, and a chunk.
void decode_rows_of(std::string_view bytes) {
  ByteReader in(bytes);
  std::string header_body(in.bytes(in.fixed(2))), chunk(in.rest());
  put_row_crc(header_body, first_seq, 0);
  put_row_crc(chunk, first_seq, 2);
  const auto header = decode_header(header_body, first_seq, names());
  if (!header) return;
  std::vector<Record> out;
  const auto done = decode_chunk(chunk, 1, *header, first_seq + 2, first_seq + 100, names(), out);
  check(done || out.empty());
  for (const auto& record : out) check(record.seq >= first_seq + 2 && record.seq < first_seq + 100);
}

bool same_record(const Record& a, const Record& b) {
  if (a.seq != b.seq || a.time != b.time || a.received != b.received || a.kind != b.kind) return false;
  if (a.event || b.event) return a.event && b.event && a.event->members == b.event->members;
  return a.series == b.series && a.unit == b.unit && a.quality == b.quality && same(a.value, b.value) &&
         a.clock_unsynchronised == b.clock_unsynchronised;
}

/// What was encoded, beside the encoder.
struct Written {
  SegmentEncoder encoder;
  std::vector<Record> records;
  std::int64_t received = 0, value = 0;

  void commit(Input& in) {
    received = take_integer(in, received);
    encoder.begin_commit({.received = from_nanoseconds(received), .monotonic_ms = in.take<std::int32_t>(), .boot = 1});
  }

  void add(Input& in, unsigned how) {
    Record record{.seq = first_seq + records.size(), .time = from_nanoseconds(received), .received = from_nanoseconds(received)};
    if (how % 3 == 0) record.time = from_nanoseconds(take_integer(in, received));
    if (how % 16 == 15) {
      record.kind = Kind::device;
      record.event = std::make_shared<Event>(Event{"d", "", std::string(in.take<std::uint8_t>(), 'x')});
    } else {
      record.series = &all_series[how % all_series.size()];
      record.unit = &units[how % units.size()];
      record.quality = static_cast<Quality>(how % 4);
      record.clock_unsynchronised = how % 7 == 0;
      record.value = take_value(in, how % 5 == 4 ? in.take<std::uint8_t>() : how, value);
    }
    encoder.add(record, how % units.size());
    records.push_back(std::move(record));
  }
};

std::vector<Record> decoded_rows(const std::vector<SegmentEncoder::Row>& rows) {
  const auto header = decode_header(rows[0].body, first_seq, names());
  check(header.ok());
  auto out = header->events;
  for (std::size_t i = 1; i < rows.size(); ++i)
    check(decode_chunk(rows[i].body, rows[i].slot - 1, *header, 0, ~std::uint64_t{0}, names(), out).ok());
  std::sort(out.begin(), out.end(), [](const Record& a, const Record& b) { return a.seq < b.seq; });
  return out;
}

void round_trip(Input in, bool in_rows) {
  Written written;
  written.commit(in);
  while (!in.at_end() && written.records.size() < 2000) {
    const auto how = in.take<std::uint8_t>();
    if (how >= 240) written.commit(in);
    written.add(in, how);
  }
  std::vector<Record> out;
  std::string body;
  if (in_rows) {
    out = decoded_rows(written.encoder.finish_rows(first_seq));
  } else {
    written.encoder.finish(body);
    check(decode_segment(body, first_seq, names(), out).ok());
  }
  check(out.size() == written.records.size());
  for (std::size_t i = 0; i < out.size(); ++i) check(same_record(out[i], written.records[i]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  switch (in.take<std::uint8_t>() % 4) {
    case 0: decode_any(in.rest()); break;
    case 1: decode_rows_of(in.rest()); break;
    case 2: round_trip(in, false); break;
    default: round_trip(in, true);
  }
  return 0;
}
