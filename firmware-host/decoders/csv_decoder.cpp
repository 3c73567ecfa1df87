#include "decoders/csv_decoder.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"
#include "decoders/outcome.h"
#include "decoders/scalar.h"

namespace weir::firmware {
namespace {

Error wrong(std::string what) { return Error{ErrorCode::invalid, std::move(what)}; }

struct Field {
  std::string text;
  bool quoted = false;
};

struct Row {
  std::vector<Field> fields;  // at most one more than there are columns
  std::size_t count = 0;
  bool malformed = false;  // a quote that does not end, or text after it
};

/// RFC 4180 section 2; a line may end with LF alone.
class RowReader {
 public:
  RowReader(std::string_view text, std::size_t fields_max) : rest_(text), fields_max_(fields_max) {}

  bool at_end() const { return rest_.empty(); }

  Row next() {
    Row row;
    do {
      auto field = next_field(row);
      if (++row.count <= fields_max_) row.fields.push_back(std::move(field));
    } while (take_comma());
    end_line(row);
    return row;
  }

 private:
  Field next_field(Row& row) {
    skip_blanks();
    if (!rest_.starts_with('"')) {
      const auto text = trim(rest_.substr(0, rest_.find_first_of(",\n")));
      rest_.remove_prefix(std::min(rest_.find_first_of(",\n"), rest_.size()));
      return {std::string(text), false};
    }
    Field field{{}, true};
    row.malformed |= !take_quoted(field.text);
    skip_blanks();
    return field;
  }

  /// Begins at the opening quote; two quotes in a row are one in the text.
  bool take_quoted(std::string& out) {
    for (rest_.remove_prefix(1);;) {
      const auto end = rest_.find('"');
      if (end == rest_.npos) return false;
      out.append(rest_, 0, end);
      rest_.remove_prefix(end + 1);
      if (!rest_.starts_with('"')) return true;
      out += '"';
      rest_.remove_prefix(1);
    }
  }

  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == '\r')) rest_.remove_prefix(1);
  }

  bool take_comma() {
    if (!rest_.starts_with(',')) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// A malformed line ends where the next one begins, so that it takes nothing with it.
  void end_line(Row& row) {
    const auto end = std::min(rest_.find('\n'), rest_.size());
    row.malformed |= end > 0;
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
  }

  std::string_view rest_;
  const std::size_t fields_max_;
};

class CsvDecoder final : public Decoder {
 public:
  CsvDecoder(std::vector<std::string> columns, std::string unit) : columns_(std::move(columns)), unit_(std::move(unit)) {}

  void decode(std::string_view payload, std::string_view device, std::string_view metric, Decoded& out) const override {
    Outcome outcome(out, device);
    RowReader rows(payload, columns_.size() + 1);
    bool first = true, any = false;
    while (!rows.at_end()) {
      const auto row = rows.next();
      if (is_blank(row)) continue;
      any = true;
      if (std::exchange(first, false) && is_heading(row)) continue;
      if (!take_row(row, metric, outcome)) return;
    }
    if (!any) outcome.reject(metric, "an empty payload");
  }

 private:
  static bool is_blank(const Row& row) {
    return row.count == 1 && !row.malformed && !row.fields.front().quoted && row.fields.front().text.empty();
  }

  bool is_heading(const Row& row) const {
    return std::ranges::equal(row.fields, columns_, [](const Field& field, const std::string& column) {
      return column == "-" || field.text == column;
    });
  }

  bool take_row(const Row& row, std::string_view metric, Outcome& outcome) const {
    if (row.malformed) return outcome.reject("a line whose quotes do not close before the comma");
    if (row.count != columns_.size()) {
      return outcome.reject("a line of " + std::to_string(row.count) + " columns where " + std::to_string(columns_.size()) +
                            " are configured");
    }
    Reading common{std::string(outcome.device()), {}, {}, unit_, Quality::good, std::nullopt, false};
    if (auto time = read_time(row); !time)
      return outcome.reject(time.error().message);
    else
      common.time = *time;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i] == "-" || columns_[i] == "time") continue;
      common.metric = metric.empty() ? columns_[i] : metric;
      if (!take_field(row.fields[i], common, outcome)) return false;
    }
    return true;
  }

  Result<std::optional<Timestamp>> read_time(const Row& row) const {
    const auto column = std::ranges::find(columns_, "time");
    if (column == columns_.end()) return std::optional<Timestamp>();
    auto time = time_from_word(row.fields[static_cast<std::size_t>(column - columns_.begin())].text);
    return time ? Result<std::optional<Timestamp>>(*time) : time.error();
  }

  static bool take_field(const Field& field, Reading reading, Outcome& outcome) {
    if (field.text.empty() && !field.quoted) return outcome.reject(reading.metric, "an empty field");
    auto value = field.quoted ? Result<Value>(Value(field.text)) : scalar_from_word(field.text);
    if (!value) return outcome.reject(reading.metric, value.error().message);
    reading.value = std::move(value).value();
    return outcome.take(std::move(reading));
  }

  const std::vector<std::string> columns_;
  const std::string unit_;
};

Result<void> check_columns(const Mapping& mapping) {
  std::set<std::string_view> values;
  bool time = false;
  for (const auto& column : mapping.columns) {
    if (!is_name(column)) return wrong("columns: a name is 1 to 128 bytes of printable text, \"-\" or \"time\"");
    const bool is_new = column == "-" || (column == "time" ? !std::exchange(time, true) : values.insert(column).second);
    if (!is_new) return wrong("columns: \"" + column + "\" occurs twice");
  }
  if (values.empty()) return wrong("columns: name the columns of a line in order, as in [\"time\", \"temperature\"]");
  if (mapping.metric.empty() || values.size() == 1) return {};
  return wrong("metric: the columns name the metrics; leave it out, or have one column besides \"time\" and \"-\"");
}

}  // namespace

Result<std::unique_ptr<Decoder>> make_csv_decoder(const Mapping& mapping) {
  if (auto checked = check_columns(mapping); !checked) return checked.error();
  return std::unique_ptr<Decoder>(std::make_unique<CsvDecoder>(mapping.columns, mapping.unit));
}

}  // namespace weir::firmware
