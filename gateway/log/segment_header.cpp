#include <algorithm>

#include "log/columns.h"
#include "log/segment_format.h"

// Header: records; commits, and of these a column each of records, received, received - monotonic (which hardly changes),
// boot, synchronised; twice how many events there are, and one more with a pace; the events, each with its number, kind,
// time and texts; the pace.
namespace weir::gateway {

namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr unsigned event_kind_mask = 0x07;
constexpr unsigned event_stamped = 0x08;

struct Scratch {
  std::vector<std::int64_t> column;
  std::vector<std::int64_t> counts, received, skews, boots, synchronised;
};
thread_local Scratch scratch;

std::int64_t monotonic_ns(const Commit& commit) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(commit.monotonic_ms) * ns_per_ms);
}

template <class Of>
void put_column(std::string& out, const std::vector<Commit>& commits, Of of) {
  auto& column = scratch.column;
  column.clear();
  for (const auto& commit : commits) column.push_back(of(commit));
  put_integers(out, column);
}

void put_commits(std::string& out, const std::vector<Commit>& commits) {
  put_varint(out, commits.size());
  put_column(out, commits, [](const Commit& commit) { return std::int64_t{commit.records}; });
  put_column(out, commits, [](const Commit& commit) { return to_nanoseconds(commit.received); });
  put_column(out, commits,
             [](const Commit& commit) { return subtract_wrapping(to_nanoseconds(commit.received), monotonic_ns(commit)); });
  put_column(out, commits, [](const Commit& commit) { return std::int64_t{commit.boot}; });
  put_column(out, commits, [](const Commit& commit) { return std::int64_t{commit.synchronised}; });
}

void put_event(std::string& out, const PlacedEvent& placed, std::uint32_t next_offset, std::int64_t base) {
  put_varint(out, placed.offset - next_offset);
  out.push_back(static_cast<char>(static_cast<unsigned>(placed.kind) | (placed.stamped ? event_stamped : 0)));
  if (!placed.stamped) put_signed(out, subtract_wrapping(to_nanoseconds(placed.time), base));
  put_text(out, placed.event->device);
  put_text(out, placed.event->metric);
  put_text(out, placed.event->members);
}

/// Milliseconds, though the difference of any two times may come from a damaged body.
bool take_monotonic(std::int64_t received, std::int64_t skew, Commit& commit) {
  const auto ns = subtract_wrapping(received, skew);
  commit.monotonic_ms = ns / ns_per_ms;
  return ns % ns_per_ms == 0;
}

bool take_commit(std::size_t i, std::size_t records_left, Commit& commit) {
  const auto& [column, counts, received, skews, boots, synchronised] = scratch;
  if (counts[i] < 0 || static_cast<std::uint64_t>(counts[i]) > records_left) return false;
  if (boots[i] < 0 || boots[i] > 0xFFFF'FFFF || (synchronised[i] & ~std::int64_t{1}) != 0) return false;
  commit.records = static_cast<std::uint32_t>(counts[i]);
  commit.received = from_nanoseconds(received[i]);
  commit.boot = static_cast<std::uint32_t>(boots[i]);
  commit.synchronised = synchronised[i] != 0;
  return take_monotonic(received[i], skews[i], commit);
}

void read_commits(ByteReader& in, SegmentHeader& header) {
  auto& [column, counts, received, skews, boots, synchronised] = scratch;
  const auto size = in.varint();
  if (size > column_values_max) return in.fail();
  for (auto* each : {&counts, &received, &skews, &boots, &synchronised}) read_integers(in, size, *each);
  if (!in.ok()) return;
  header.commits.resize(size);
  std::size_t before = 0;
  for (std::size_t i = 0; i < size; ++i) {
    auto& commit = header.commits[i];
    if (!take_commit(i, header.records - before, commit)) return in.fail();
    before += commit.records;
    header.ends.push_back(static_cast<std::uint32_t>(before));
  }
  if (before != header.records) in.fail();
}

/// A commit whose boot's beginning is known by now has a better time than the gateway's clock had.
void correct_received(SegmentHeader& header, const Names& names) {
  std::optional<std::uint32_t> asked;
  std::optional<Timestamp> begun;
  for (const auto& commit : header.commits) {
    header.newest_received = std::max(header.newest_received, commit.received);
    if (!commit.synchronised && asked != commit.boot) {
      asked = commit.boot;
      begun = names.boot_time ? names.boot_time(commit.boot) : std::nullopt;
    }
    if (commit.synchronised || !begun) {
      header.received.push_back(commit.received);
    } else {
      header.received.push_back(from_nanoseconds(add_wrapping(to_nanoseconds(*begun), monotonic_ns(commit))));
    }
  }
}

Record read_event(ByteReader& in, const SegmentHeader& header, std::uint64_t offset) {
  Record record{.seq = header.first_seq + offset};
  const auto commit = header.commit_of(static_cast<std::uint32_t>(offset));
  const unsigned head = in.byte();
  record.kind = static_cast<Kind>(head & event_kind_mask);
  if (record.kind <= Kind::reading || (head & event_kind_mask) > kind_count) in.fail();
  record.received = record.time = header.received[commit];
  if ((head & event_stamped) == 0) {
    record.time = from_nanoseconds(add_wrapping(in.signed_varint(), segment_base(header.commits)));
  }
  auto event = std::make_shared<Event>();
  for (auto* text : {&event->device, &event->metric, &event->members}) *text = in.text();
  record.event = std::move(event);
  return record;
}

void read_events_and_pace(ByteReader& in, SegmentHeader& header) {
  const auto counted = in.varint();
  auto left = counted / 2;
  if (left > header.records) return in.fail();
  std::uint64_t next = 0;
  for (; left > 0 && in.ok(); --left, ++next) {
    next += in.varint32();
    if (next >= header.records) return in.fail();
    header.events.push_back(read_event(in, header, next));
  }
  if (in.ok() && counted % 2 != 0) header.pace.read(in);
}

}  // namespace

std::size_t SegmentHeader::commit_of(std::uint32_t offset, std::size_t from) const {
  constexpr std::size_t near = 8;  // most often it is the same or one of the next
  for (std::size_t i = 0; i < near; ++i, ++from) {
    if (offset < ends[from]) return from;
  }
  const auto found = std::upper_bound(ends.begin() + static_cast<std::ptrdiff_t>(from), ends.end(), offset);
  return static_cast<std::size_t>(found - ends.begin());
}

void put_segment_header(std::string& out, std::size_t records, const std::vector<Commit>& commits,
                        const std::vector<PlacedEvent>& events, const Pace& pace) {
  put_varint(out, records);
  put_commits(out, commits);
  put_varint(out, events.size() * 2 + (pace.empty() ? 0 : 1));
  std::uint32_t next = 0;
  for (const auto& placed : events) {
    put_event(out, placed, next, segment_base(commits));
    next = placed.offset + 1;
  }
  if (!pace.empty()) pace.put(out);
}

SegmentHeader read_segment_header(ByteReader& in, std::uint64_t first_seq, const Names& names) {
  SegmentHeader header{.first_seq = first_seq};
  header.records = in.varint();
  if (header.records > column_values_max) in.fail();
  if (in.ok()) read_commits(in, header);
  if (!in.ok()) return header;
  correct_received(header, names);
  read_events_and_pace(in, header);
  return header;
}

}  // namespace weir::gateway
