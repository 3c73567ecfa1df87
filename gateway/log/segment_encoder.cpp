#include <algorithm>
#include <bit>
#include <cassert>

#include "log/columns.h"
#include "log/segment_format.h"

// A chunk: how many readings, flags (ChunkFlags), then a column each of numbers, units, qualities, clocks and times where
// the flags say that it is needed, and of values.
namespace weir::gateway {

namespace {

/// Below so many readings of each series a column over all of them is shorter than a chunk for each.
constexpr std::size_t readings_for_chunks = 4;
/// Below so many readings a pace costs more than it saves.
constexpr std::size_t readings_for_pace = 512;
constexpr unsigned bits_for_pace = 3;

}  // namespace

void SegmentEncoder::begin_commit(const Commit& commit) {
  assert(commits_.size() < column_values_max);
  commits_.push_back(commit);
  commits_.back().records = 0;
}

void SegmentEncoder::add(const Record& record, std::uint32_t unit_id) {
  assert(!commits_.empty() && records_ < column_values_max);
  auto& commit = commits_.back();
  const bool stamped = record.time == commit.received;
  const auto offset = static_cast<std::uint32_t>(records_);
  ++commit.records, ++records_;
  if (record.kind != Kind::reading) {
    events_.push_back({offset, record.kind, stamped, record.time, record.event});
    return;
  }
  count(record.series->id);
  readings_.push_back(
      {record.series->id, offset, unit_id, record.quality, record.clock_unsynchronised, stamped, record.time, record.value});
}

void SegmentEncoder::count(std::uint32_t series) {
  if (series >= tallies_.size()) tallies_.resize(std::size_t{series} + 1);
  auto& tally = tallies_[series];
  if (tally.generation != generation_) {
    tally = {generation_, 0, 0};
    series_.push_back(series);
  }
  ++tally.readings;
}

/// Of each series in the order of their numbers: order_ and, in the tallies, where the places of each series end.
void SegmentEncoder::sort_by_series() {
  std::sort(series_.begin(), series_.end());
  std::uint32_t next = 0;
  for (const auto series : series_) {
    tallies_[series].place = next;
    next += tallies_[series].readings;
  }
  order_.resize(readings_.size());
  for (std::uint32_t i = 0; i < readings_.size(); ++i) order_[tallies_[readings_[i].series].place++] = i;
}

SegmentEncoder::Places SegmentEncoder::readings_of(std::uint32_t series) const {
  const auto& tally = tallies_[series];
  return Places(order_).subspan(tally.place - tally.readings, tally.readings);
}

template <class Of>
void SegmentEncoder::put_column(std::string& out, Places places, Of of) {
  column_.clear();
  for (const auto place : places) column_.push_back(static_cast<std::int64_t>(of(readings_[place])));
  put_integers(out, column_);
}

void SegmentEncoder::put_readings(std::string& out, Places places) {
  const auto first_unit = readings_[places.front()].unit;
  unsigned flags = chunk_flags_all & ~static_cast<unsigned>(chunk_paced);
  const auto unless = [&flags](bool holds, unsigned flag) { flags &= holds ? ~0U : ~flag; };
  for (const auto place : places) {
    const auto& reading = readings_[place];
    unless(reading.unit == first_unit, chunk_one_unit);
    unless(reading.quality == Quality::good, chunk_all_good);
    unless(!reading.clock_unsynchronised, chunk_clocks_set);
    unless(reading.stamped, chunk_all_stamped);
  }
  const auto begin = out.size();
  out.push_back(static_cast<char>(flags));
  put_column(out, places, [](const Reading& reading) { return reading.offset; });
  if (!pace_.empty() && !(flags & chunk_all_stamped)) put_paced_numbers(out, places, begin);
  if (flags & chunk_one_unit) put_varint(out, first_unit);
  if (!(flags & chunk_one_unit)) put_column(out, places, [](const Reading& reading) { return reading.unit; });
  if (!(flags & chunk_all_good)) put_column(out, places, [](const Reading& reading) { return reading.quality; });
  if (!(flags & chunk_clocks_set)) put_column(out, places, [](const Reading& reading) { return reading.clock_unsynchronised; });
  if (!(flags & chunk_all_stamped)) {
    const auto base = segment_base(commits_);
    put_column(out, places, [base](const Reading& reading) { return subtract_wrapping(to_nanoseconds(reading.time), base); });
  }
  values_.clear();
  for (const auto place : places) values_.push_back(std::move(readings_[place].value));
  put_values(out, values_);
}

/// About the bits that the number of each reading needs without a pace: how much the distances of a series vary.
unsigned SegmentEncoder::bits_of_numbers() const {
  constexpr std::size_t series_asked = 16, readings_asked = 16;
  const auto step = std::max<std::size_t>(1, series_.size() / series_asked);
  std::size_t bits = 0, readings = 0;
  for (std::size_t i = 0; i < series_.size(); i += step) {
    const auto places = readings_of(series_[i]);
    const auto offset = [&](std::size_t place) { return std::int64_t{readings_[places[place]].offset}; };
    for (std::size_t j = 2; j < std::min(places.size(), readings_asked); ++j, ++readings)
      bits += static_cast<unsigned>(std::bit_width(zigzag(offset(j) - 2 * offset(j - 1) + offset(j - 2))));
  }
  return readings == 0 ? 0 : static_cast<unsigned>(bits / readings);
}

/// Where series overtake each other.
void SegmentEncoder::set_pace() {
  pace_.clear();
  if (readings_.size() < readings_for_pace || bits_of_numbers() < bits_for_pace) return;
  const auto base = segment_base(commits_);
  for (const auto& reading : readings_) pace_.add(reading.offset, subtract_wrapping(to_nanoseconds(reading.time), base));
  pace_.finish();
}

/// In place of the numbers' column behind the flags at `begin`, if it is shorter.
void SegmentEncoder::put_paced_numbers(std::string& out, Places places, std::size_t begin) {
  const auto size = out.size() - begin - 1;
  const auto base = segment_base(commits_);
  std::size_t hint = 0;
  other_.clear();
  put_column(other_, places, [&](const Reading& reading) {
    return reading.offset - pace_.number_at(subtract_wrapping(to_nanoseconds(reading.time), base), hint);
  });
  if (other_.size() >= size) return;
  out[begin] = static_cast<char>(static_cast<unsigned>(out[begin]) | chunk_paced);
  out.resize(begin + 1);
  out += other_;
}

void SegmentEncoder::put_by_series(std::string& out) {
  put_varint(out, series_.size());
  std::uint32_t next = 0;
  for (const auto series : series_) {
    const auto places = readings_of(series);
    put_varint(out, series - next);
    put_varint(out, places.size());
    put_readings(out, places);
    next = series + 1;
  }
}

void SegmentEncoder::put_in_order(std::string& out) {
  order_.resize(readings_.size());
  for (std::uint32_t i = 0; i < order_.size(); ++i) order_[i] = i;
  put_column(out, order_, [](const Reading& reading) { return reading.series; });
  put_readings(out, order_);
}

std::vector<SegmentEncoder::Row> SegmentEncoder::finish_rows(std::uint64_t first_seq) {
  sort_by_series();
  set_pace();
  std::vector<Row> rows(series_.size() + 1);
  rows[0].slot = 0;
  put_segment_header(rows[0].body, records_, commits_, events_, pace_);
  for (std::size_t i = 0; i < series_.size(); ++i) {
    const auto places = readings_of(series_[i]);
    auto& row = rows[i + 1];
    row.slot = series_[i] + 1;
    put_varint(row.body, places.size());
    put_readings(row.body, places);
  }
  for (auto& row : rows) put_row_crc(row.body, first_seq, row.slot);
  clear();
  return rows;
}

void SegmentEncoder::finish(std::string& body) {
  auto layout = SegmentLayout::none;
  if (!readings_.empty()) layout = SegmentLayout::in_order;
  if (readings_.size() > 1 && readings_.size() >= series_.size() * readings_for_chunks) layout = SegmentLayout::by_series;
  if (layout == SegmentLayout::by_series) sort_by_series(), set_pace();
  put_segment_header(body, records_, commits_, events_, pace_);
  body.push_back(static_cast<char>(layout));
  if (layout == SegmentLayout::by_series) put_by_series(body);
  if (layout == SegmentLayout::in_order) put_in_order(body);
  clear();
}

void SegmentEncoder::clear() {
  records_ = 0;
  commits_.clear(), readings_.clear(), events_.clear(), series_.clear(), values_.clear(), pace_.clear();
  if (++generation_ == 0) tallies_.clear(), generation_ = 1;
}

}  // namespace weir::gateway
