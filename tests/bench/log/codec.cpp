// Bytes and nanoseconds of columns and segments, nothing of it on a disk.
#include <cstdlib>
#include <fstream>

#include "figures.h"
#include "log/columns.h"
#include "log/segment.h"
#include "parts.h"

namespace weir::gateway::bench {

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t first_seq = 1;

Names names_of(const Sensors& sensors) {
  return {.series = [&](std::uint32_t id) { return &sensors.series()[id]; },
          .unit = [&](std::uint32_t) { return &sensors.unit(); },
          .boot_time = nullptr};
}

Commit commit_at(Timestamp time) {
  const auto received = std::chrono::floor<milliseconds>(time) + milliseconds(20);
  return {.received = received, .monotonic_ms = (received - start_time) / milliseconds(1)};
}

/// Records in commits of `per_commit`.
void fill(SegmentEncoder& encoder, const std::vector<Record>& records, std::size_t per_commit) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i % per_commit == 0) encoder.begin_commit(commit_at(records[std::min(i + per_commit, records.size()) - 1].time));
    encoder.add(records[i], 1);
  }
}

std::vector<Record> take(Sensors& sensors, std::size_t count) {
  std::vector<Record> records(count);
  for (auto& record : records) record = sensors.next();
  return records;
}

std::size_t size_of(const std::vector<SegmentEncoder::Row>& rows) {
  std::size_t bytes = 0;
  for (const auto& row : rows) bytes += row.body.size();
  return bytes;
}

double per(double seconds, std::size_t readings) { return seconds * 1e9 / static_cast<double>(readings); }

/// Commits of `count` readings of `series` sensors, each read once a `period`.
void commits(std::size_t count, std::uint32_t series, milliseconds period, const char* size_goal, const char* time_goal) {
  Sensors sensors(series, period);
  const auto records = take(sensors, count * 100);
  SegmentEncoder encoder;
  std::string body;
  std::vector<double> ns;
  for (int round = 0; round < 21; ++round) {
    body.clear();
    const auto work = [&] {
      for (std::size_t i = 0; i < records.size(); i += count) {
        encoder.begin_commit(commit_at(records[i + count - 1].time));
        for (std::size_t j = 0; j < count; ++j) encoder.add(records[i + j], 1);
        encoder.finish(body);
      }
    };
    ns.push_back(per(cpu_seconds_of(work), records.size()));
  }
  const auto what = "commits of " + std::to_string(count) + " readings of " + std::to_string(series) + " sensors, each " +
                    std::to_string(period.count()) + " ms";
  figure(what, static_cast<double>(body.size()) / static_cast<double>(records.size()), "B/reading", size_goal);
  figure(what + ", encoding", median(ns), "ns/reading", time_goal);
}

void decode_rows(const std::vector<SegmentEncoder::Row>& rows, const Names& names, std::vector<Record>& out) {
  const auto header = decode_header(rows[0].body, first_seq, names);
  for (std::size_t i = 1; i < rows.size(); ++i)
    (void)decode_chunk(rows[i].body, rows[i].slot - 1, *header, 0, ~std::uint64_t{0}, names, out);
}

void folded_segment(std::uint32_t series, milliseconds period) {
  Sensors sensors(series, period);
  const auto records = take(sensors, segment_records_max);
  const auto names = names_of(sensors);
  SegmentEncoder encoder;
  std::vector<SegmentEncoder::Row> rows;
  std::vector<Record> out;
  std::vector<double> encoding, decoding, decoding_segment;
  for (int round = 0; round < 11; ++round) {
    encoding.push_back(cpu_seconds_of([&] { fill(encoder, records, 100), rows = encoder.finish_rows(first_seq); }));
    out.clear();
    decoding.push_back(cpu_seconds_of([&] { decode_rows(rows, names, out); }));
    std::string body;
    fill(encoder, records, 100), encoder.finish(body);
    out.clear();
    decoding_segment.push_back(cpu_seconds_of([&] { (void)decode_segment(body, first_seq, names, out); }));
  }
  const auto count = records.size();
  const auto what =
      std::to_string(series) + " sensors, 0.01, each " + std::to_string(period.count()) + " ms, jittered, one segment: ";
  figure(what + "stored", static_cast<double>(size_of(rows)) / static_cast<double>(count), "B/reading", "≤ 2");
  figure(what + "encoding into rows", per(median(encoding), count), "ns/reading");
  figure(what + "decoding the rows", per(median(decoding), count), "ns/reading", "≤ 100");
  figure(what + "decoding one body, in order", per(median(decoding_segment), count), "ns/reading", "≤ 100");
}

/// Values alone of series that are not like those sensors.
void doubles(const char* name, const std::function<double(std::size_t)>& value_of) {
  std::vector<double> values(655), out;
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = value_of(i);
  std::string body;
  put_doubles(body, values);
  figure(std::string("values: ") + name, static_cast<double>(body.size()) / static_cast<double>(values.size()), "B/reading");
}

void signals() {
  std::mt19937_64 random(2);
  const auto dice = [&](std::uint64_t sides) { return static_cast<double>(random() % sides); };
  doubles("noise of two decimals, 0 to 40", [&](std::size_t) { return dice(4000) / 100; });
  doubles("a counter", [now = 0.0, &dice](std::size_t) mutable { return now += dice(20); });
  doubles("a set point, changed every 100 readings", [](std::size_t i) { return 20.5 + static_cast<double>(i / 100); });
  doubles("noisy float32", [&](std::size_t) { return static_cast<double>(static_cast<float>(20 + dice(1'000'000) / 3e6)); });
}

/// timestamp,value lines, five minutes apart, of a real machine: the file is not part of the repository.
void machine_temperature(const char* path) {
  std::ifstream file(path);
  Sensors sensors(1);
  SegmentEncoder encoder;
  std::size_t count = 0;
  std::string line;
  for (std::getline(file, line); std::getline(file, line); ++count) {
    auto record = sensors.next();
    record.time = start_time + count * std::chrono::minutes(5);
    record.value = std::strtod(line.c_str() + line.find(',') + 1, nullptr);
    if (count % 100 == 0) encoder.begin_commit(commit_at(record.time));
    encoder.add(record, 1);
  }
  if (count == 0) return;
  figure("machine temperature, 8 decimals",
         static_cast<double>(size_of(encoder.finish_rows(first_seq))) / static_cast<double>(count), "B/reading", "≤ 6");
}

}  // namespace

int codec() {
  folded_segment(100, milliseconds(1000));
  folded_segment(1000, milliseconds(100));
  commits(10'000, 1000, milliseconds(100), "≤ 4", "");
  commits(1000, 100, milliseconds(100), "≤ 4", "");
  commits(1000, 100, milliseconds(1000), "≤ 4", "≤ 150");
  commits(10, 10, milliseconds(1000), "≤ 12", "");
  commits(1, 1, milliseconds(1000), "", "≤ 1000");
  signals();
  if (const char* path = std::getenv("WEIR_MACHINE_TEMPERATURE")) machine_temperature(path);
  return 0;
}

}  // namespace weir::gateway::bench
