#include <cassert>

#include "log/columns.h"
#include "log/segment_format.h"

namespace weir::gateway {

namespace {

/// The columns of one chunk. One for each thread: its memory is used again.
struct Columns {
  std::vector<std::int64_t> series, numbers, units, qualities, clocks, times;
  std::vector<Value> values;
  std::vector<bool> taken;
  std::uint8_t flags = 0;
  std::uint32_t unit = 0;
};
thread_local Columns columns;

/// Numbers that are told from the pace.
void add_pace(const Pace& pace, ByteReader& in, Columns& out) {
  if (!in.ok() || pace.empty() || (out.flags & chunk_all_stamped)) return in.fail();
  std::size_t hint = 0;
  for (std::size_t i = 0; i < out.numbers.size(); ++i) {
    out.numbers[i] = add_wrapping(out.numbers[i], pace.number_at(out.times[i], hint));
  }
}

void read_columns(ByteReader& in, std::size_t count, const Pace& pace, Columns& out) {
  out.flags = in.byte();
  if (out.flags > chunk_flags_all) in.fail();
  read_integers(in, count, out.numbers);
  if (out.flags & chunk_one_unit) {
    out.unit = in.varint32();
  } else {
    read_integers(in, count, out.units);
  }
  if (!(out.flags & chunk_all_good)) read_integers(in, count, out.qualities);
  if (!(out.flags & chunk_clocks_set)) read_integers(in, count, out.clocks);
  if (!(out.flags & chunk_all_stamped)) read_integers(in, count, out.times);
  if (out.flags & chunk_paced) add_pace(pace, in, out);
  read_values(in, count, out.values);
}

/// Numbers, qualities and clocks that can be; each number once, in order, below the segment's end.
bool plausible(const Columns& read, const SegmentHeader& header, std::size_t count) {
  std::int64_t before = -1;
  for (const auto number : read.numbers) {
    if (number <= before || static_cast<std::uint64_t>(number) >= header.records) return false;
    before = number;
  }
  const auto all_within = [count](const std::vector<std::int64_t>& column, std::uint64_t most) {
    for (std::size_t i = 0; i < count; ++i) {
      if (static_cast<std::uint64_t>(column[i]) > most) return false;
    }
    return true;
  };
  if (!(read.flags & chunk_one_unit) && !all_within(read.units, 0xFFFF'FFFF)) return false;
  if (!(read.flags & chunk_all_good) && !all_within(read.qualities, static_cast<std::uint64_t>(Quality::bad))) return false;
  return (read.flags & chunk_clocks_set) != 0 || all_within(read.clocks, 1);
}

/// Units by their numbers; the last one is asked for only once.
class Units {
 public:
  explicit Units(const Names& names) : names_(names) {}
  const std::string* find(std::uint32_t id) {
    if (!known_ || id != id_) known_ = true, id_ = id, unit_ = names_.unit(id);
    return unit_;
  }

 private:
  const Names& names_;
  bool known_ = false;
  std::uint32_t id_ = 0;
  const std::string* unit_ = nullptr;
};

/// Makes records of the columns, in the order of their numbers.
class RecordMaker {
 public:
  RecordMaker(Columns& read, const SegmentHeader& header, const Names& names)
      : read_(read), header_(header), units_(names), base_(segment_base(header.commits)) {}

  /// The i-th reading; false where its unit is unknown. i ascends from call to call.
  bool make(std::size_t i, const Series* series, Record& out) {
    const auto number = static_cast<std::uint32_t>(read_.numbers[i]);
    commit_ = header_.commit_of(number, commit_);
    out.seq = header_.first_seq + number;
    out.received = header_.received[commit_];
    out.kind = Kind::reading;
    out.series = series;
    out.unit = units_.find((read_.flags & chunk_one_unit) ? read_.unit : static_cast<std::uint32_t>(read_.units[i]));
    out.quality = (read_.flags & chunk_all_good) ? Quality::good : static_cast<Quality>(read_.qualities[i]);
    out.clock_unsynchronised = !(read_.flags & chunk_clocks_set) && read_.clocks[i] != 0;
    set_time(i, out);
    out.value = std::move(read_.values[i]);
    return out.unit != nullptr;
  }

 private:
  /// A reading with its commit's time is corrected with the commit.
  void set_time(std::size_t i, Record& out) const {
    const auto stored = header_.commits[commit_].received;
    out.time = stored;
    if (!(read_.flags & chunk_all_stamped)) out.time = from_nanoseconds(add_wrapping(read_.times[i], base_));
    if (out.time != stored || out.received == stored) return;
    out.time = out.received;
    out.clock_unsynchronised = false;
  }

  Columns& read_;
  const SegmentHeader& header_;
  Units units_;
  std::int64_t base_;
  std::size_t commit_ = 0;
};

/// Places records by their numbers; each place is taken once.
class Places {
 public:
  Places(std::vector<Record>& out, std::size_t records) : out_(out), begin_(out.size()) {
    out_.resize(begin_ + records);
    columns.taken.assign(records, false);
  }
  bool free(std::size_t number) const { return !columns.taken[number]; }
  Record& take(std::size_t number) {
    columns.taken[number] = true;
    ++taken_;
    return out_[begin_ + number];
  }
  std::size_t left() const { return out_.size() - begin_ - taken_; }
  void give_up() { out_.resize(begin_); }

 private:
  std::vector<Record>& out_;
  std::size_t begin_;
  std::size_t taken_ = 0;
};

/// `series_of(i)` may be null: that is damage.
template <class SeriesOf>
void place_readings(ByteReader& in, std::size_t count, const SegmentHeader& header, const Names& names, Places& places,
                    SeriesOf series_of) {
  read_columns(in, count, header.pace, columns);
  if (!in.ok() || !plausible(columns, header, count)) return in.fail();
  RecordMaker maker(columns, header, names);
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::size_t>(columns.numbers[i]);
    const Series* series = series_of(i);
    if (series == nullptr || !places.free(number) || !maker.make(i, series, places.take(number))) return in.fail();
  }
}

void place_by_series(ByteReader& in, const SegmentHeader& header, const Names& names, Places& places) {
  auto left = in.varint();
  std::uint64_t next = 0;
  for (; left > 0 && in.ok(); --left, ++next) {
    next += in.varint32();
    const auto count = in.varint();
    if (count == 0 || count > places.left() || next > 0xFFFF'FFFF) return in.fail();
    const Series* series = names.series(static_cast<std::uint32_t>(next));
    place_readings(in, count, header, names, places, [series](std::size_t) { return series; });
  }
}

void place_in_order(ByteReader& in, const SegmentHeader& header, const Names& names, Places& places) {
  const auto count = places.left();
  read_integers(in, count, columns.series);
  if (!in.ok()) return;
  place_readings(in, count, header, names, places, [&names](std::size_t i) -> const Series* {
    const auto id = static_cast<std::uint64_t>(columns.series[i]);
    return id <= 0xFFFF'FFFF ? names.series(static_cast<std::uint32_t>(id)) : nullptr;
  });
}

void place_all(ByteReader& in, const SegmentHeader& header, const Names& names, Places& places) {
  for (const auto& event : header.events) places.take(event.seq - header.first_seq) = event;
  const auto layout = static_cast<SegmentLayout>(in.byte());
  if (layout == SegmentLayout::by_series) place_by_series(in, header, names, places);
  if (layout == SegmentLayout::in_order) place_in_order(in, header, names, places);
  if (layout > SegmentLayout::in_order || places.left() != 0 || !in.rest().empty()) in.fail();
}

Error damaged(std::uint64_t first_seq, std::string_view what) {
  return {ErrorCode::invalid,
          "the log's segment at sequence " + std::to_string(first_seq) + ": " + std::string(what) + " is damaged"};
}

Error damaged_chunk(std::uint64_t first_seq, std::uint32_t series_id) {
  return damaged(first_seq, "the chunk of series " + std::to_string(series_id));
}

void append_between(std::size_t count, const SegmentHeader& header, std::uint64_t from, std::uint64_t to, const Names& names,
                    const Series* series, ByteReader& in, std::vector<Record>& out) {
  RecordMaker maker(columns, header, names);
  for (std::size_t i = 0; i < count; ++i) {
    const auto seq = header.first_seq + static_cast<std::uint64_t>(columns.numbers[i]);
    if (seq < from) continue;
    if (seq >= to) return;
    if (!maker.make(i, series, out.emplace_back())) return in.fail();
  }
}

}  // namespace

Result<SegmentHeader> decode_header(std::string_view body, std::uint64_t first_seq, const Names& names) {
  ByteReader in(without_row_crc(body, first_seq, 0));
  auto header = read_segment_header(in, first_seq, names);
  if (!in.ok() || !in.rest().empty()) return damaged(first_seq, "the header");
  return header;
}

Result<void> decode_chunk(std::string_view body, std::uint32_t series_id, const SegmentHeader& header, std::uint64_t from,
                          std::uint64_t to, const Names& names, std::vector<Record>& out) {
  ByteReader in(without_row_crc(body, header.first_seq, series_id + 1));
  const auto count = in.varint();
  const Series* series = names.series(series_id);
  if (!in.ok() || count == 0 || count > header.records || series == nullptr) return damaged_chunk(header.first_seq, series_id);
  read_columns(in, count, header.pace, columns);
  if (!in.ok() || !in.rest().empty() || !plausible(columns, header, count)) return damaged_chunk(header.first_seq, series_id);
  const auto before = out.size();
  append_between(count, header, from, to, names, series, in, out);
  if (in.ok()) return {};
  out.resize(before);
  return damaged_chunk(header.first_seq, series_id);
}

Result<SegmentHeader> decode_segment(std::string_view body, std::uint64_t first_seq, const Names& names,
                                     std::vector<Record>& out) {
  ByteReader in(body);
  auto header = read_segment_header(in, first_seq, names);
  if (!in.ok()) return damaged(first_seq, "the header");
  Places places(out, header.records);
  place_all(in, header, names, places);
  if (in.ok()) return header;
  places.give_up();
  return damaged(first_seq, "a chunk");
}

}  // namespace weir::gateway
