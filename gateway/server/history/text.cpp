#include "server/history/text.h"

#include <cmath>

#include "base/json.h"
#include "stream/format.h"

namespace weir::gateway {
namespace {

using namespace std::string_view_literals;

struct JsonText {
  std::string& out;
  void operator()(double value) const { append_json_number(out, value); }
  void operator()(std::int64_t value) const { out += std::to_string(value); }
  void operator()(bool value) const { out += value ? "true"sv : "false"sv; }
  void operator()(const std::string& value) const { append_json_string(out, value); }
};

void append_number(std::string& out, std::string_view member, double value) {
  if (!std::isfinite(value)) return;  // the sum of huge numbers may leave the range
  out.append(",\"").append(member).append("\":");
  append_json_number(out, value);
}

class NdjsonLines final : public HistoryLines {
 public:
  std::string_view content_type() const override { return "application/x-ndjson"; }
  std::string_view extension() const override { return "ndjson"; }
  std::string_view head(bool) const override { return ""; }
  void reading(std::string& out, const Record& reading) const override {
    append_json(out, reading);
    out += '\n';
  }
  void bucket(std::string& out, const Bucket& bucket, std::chrono::seconds width, std::string_view unit) const override {
    out += R"({"kind":"bucket",)"sv;
    append_bucket_members(out, bucket);
    out.append(R"(,"width":")").append(format_duration(width)).append("\"");
    if (!unit.empty()) {
      out += R"(,"unit":)"sv;
      append_json_string(out, unit);
    }
    out += "}\n"sv;
  }
  void gap(std::string& out, const HistoryGap& gap, bool) const override {
    out += R"({"kind":"gap",)"sv;
    append_gap_members(out, gap);
    out += "}\n"sv;
  }
};

// ---- CSV

bool is_formula(std::string_view text) { return !text.empty() && "=+-@\t\r"sv.find(text.front()) != std::string_view::npos; }

void append_field(std::string& out, std::string_view text) {
  const bool quoted = text.find_first_of(",\"\r\n") != text.npos;
  if (quoted) out += '"';
  if (is_formula(text)) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  if (quoted) out += '"';
}

struct CsvText {
  std::string& out;
  void operator()(const std::string& value) const { append_field(out, value); }
  template <class Number>
  void operator()(Number value) const {
    JsonText{out}(value);
  }
};

void append_finite(std::string& out, double value) {
  if (std::isfinite(value)) append_json_number(out, value);
}

class CsvLines final : public HistoryLines {
 public:
  std::string_view content_type() const override { return "text/csv; charset=utf-8; header=present"; }
  std::string_view extension() const override { return "csv"; }
  std::string_view head(bool raw) const override {
    return raw ? "time,value,unit,quality,clock,gap_until,gap_reason,gap_lost\r\n"sv
               : "time,count,min,mean,max,last,unit,gap_until,gap_reason,gap_lost\r\n"sv;
  }
  void reading(std::string& out, const Record& reading) const override {
    append_time(out, reading.time);
    out += ',';
    std::visit(CsvText{out}, reading.value);
    out += ',';
    append_field(out, *reading.unit);
    out.append(",").append(to_string(reading.quality));
    out += reading.clock_unsynchronised ? ",unsynchronised,,,\r\n"sv : ",,,,\r\n"sv;
  }
  void bucket(std::string& out, const Bucket& bucket, std::chrono::seconds, std::string_view unit) const override {
    append_time(out, bucket.start);
    out.append(",").append(std::to_string(bucket.count)).append(",");
    if (bucket.numbers > 0) append_finite(out, bucket.min);
    out += ',';
    if (bucket.numbers > 0) append_finite(out, bucket.mean());
    out += ',';
    if (bucket.numbers > 0) append_finite(out, bucket.max);
    out += ',';
    std::visit(CsvText{out}, bucket.last);
    out += ',';
    append_field(out, unit);
    out += ",,,\r\n"sv;
  }
  void gap(std::string& out, const HistoryGap& gap, bool raw) const override {
    append_time(out, gap.from);
    out += raw ? ",,,gap,,"sv : ",0,,,,,,"sv;
    append_time(out, gap.to);
    out += ',';
    append_field(out, gap.reason);
    out += ',';
    if (gap.lost > 0) out += std::to_string(gap.lost);
    out += "\r\n"sv;
  }
};

}  // namespace

void append_bucket_members(std::string& out, const Bucket& bucket) {
  out += R"("time":")"sv;
  append_time(out, bucket.start);
  out.append(R"(","count":)").append(std::to_string(bucket.count));
  if (bucket.numbers > 0) {
    append_number(out, "min", bucket.min);
    append_number(out, "mean", bucket.mean());
    append_number(out, "max", bucket.max);
  }
  out += R"(,"last":)"sv;
  std::visit(JsonText{out}, bucket.last);
}

void append_gap_members(std::string& out, const HistoryGap& gap) {
  out += R"("from":")"sv;
  append_time(out, gap.from);
  out += R"(","to":")"sv;
  append_time(out, gap.to);
  out += R"(","reason":)"sv;
  append_json_string(out, gap.reason);
  if (gap.lost > 0) out.append(R"(,"lost":)").append(std::to_string(gap.lost));
}

const HistoryLines& ndjson_lines() {
  static const NdjsonLines lines;
  return lines;
}

const HistoryLines& csv_lines() {
  static const CsvLines lines;
  return lines;
}

}  // namespace weir::gateway
