#include "stream/format.h"

#include <array>
#include <cassert>
#include <charconv>
#include <chrono>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/time.h"
#include "wire/cbor.h"

namespace weir::gateway {
namespace {

using namespace std::string_view_literals;

/// CONTRACT 3: `received` is there when it differs from `time` by over this.
constexpr std::chrono::seconds received_tolerance{1};

bool shows_received(const Record& record) {
  // Seconds first: the difference of two far-apart times doesn't fit into nanoseconds.
  const auto time = std::chrono::floor<std::chrono::seconds>(record.time);
  const auto received = std::chrono::floor<std::chrono::seconds>(record.received);
  if (received - time > received_tolerance * 2 || time - received > received_tolerance * 2) return true;
  const auto difference = record.received - record.time;
  return difference > received_tolerance || -difference > received_tolerance;
}

// --- JSON

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

struct JsonValue {
  std::string& out;
  void operator()(double value) const { append_json_number(out, value); }
  void operator()(std::int64_t value) const { append_integer(out, value); }
  void operator()(bool value) const { out += value ? "true"sv : "false"sv; }
  void operator()(const std::string& value) const { append_json_string(out, value); }
};

void append_head(std::string& out, const Record& record) {
  out += R"({"seq":)"sv;
  append_integer(out, record.seq);
  out += R"(,"kind":")"sv;
  out += to_string(record.kind);
  out += R"(","time":")"sv;
  append_time(out, record.time);
  out += '"';
}

void append_reading(std::string& out, const Record& record) {
  out += R"(,"device":)"sv;
  append_json_string(out, record.series->device);
  out += R"(,"metric":)"sv;
  append_json_string(out, record.series->metric);
  out += R"(,"value":)"sv;
  std::visit(JsonValue{out}, record.value);
  if (!record.unit->empty()) {
    out += R"(,"unit":)"sv;
    append_json_string(out, *record.unit);
  }
  if (record.quality != Quality::good) {
    out += R"(,"quality":")"sv;
    out += to_string(record.quality);
    out += '"';
  }
  if (shows_received(record)) {
    out += R"(,"received":")"sv;
    append_time(out, record.received);
    out += '"';
  }
  if (record.clock_unsynchronised) out += R"(,"clock":"unsynchronised")"sv;
}

void append_marks(std::string& out, Marks marks) {
  if (marks.backlog) out += R"(,"backlog":true)"sv;
  if (marks.merged == 0) return;
  out += R"(,"merged":)"sv;
  append_integer(out, marks.merged);
}

// --- CBOR

/// Appends items to a string through the C writer; `room` must be enough for all of them.
class CborAppender {
 public:
  CborAppender(std::string& out, std::size_t room) : out_(out), start_(out.size()) {
    out_.resize(start_ + room);
    weir_cbor_writer_init(&writer_, reinterpret_cast<std::uint8_t*>(out_.data()) + start_, room);
  }
  ~CborAppender() {
    assert(weir_cbor_fits(&writer_));
    out_.resize(start_ + writer_.size);
  }
  CborAppender(const CborAppender&) = delete;
  CborAppender& operator=(const CborAppender&) = delete;

  void map(std::size_t pairs) { weir_cbor_put_map(&writer_, pairs); }
  void put(std::string_view text) { weir_cbor_put_text(&writer_, text.data(), text.size()); }
  void put(const std::string& text) { put(std::string_view(text)); }
  void put(double value) { weir_cbor_put_double(&writer_, value); }
  void put(std::int64_t value) { weir_cbor_put_int(&writer_, value); }
  void put(std::uint64_t value) { weir_cbor_put_uint(&writer_, value); }
  void put(bool value) { weir_cbor_put_bool(&writer_, value); }
  void put(Timestamp time) {
    std::string text;
    append_time(text, time);
    put(std::string_view(text));
  }
  void put(Cursor cursor) { put(to_string(cursor)); }
  void raw(const std::vector<std::uint8_t>& item) { weir_cbor_put_raw(&writer_, item.data(), item.size()); }

  template <class T>
  void member(std::string_view name, const T& value) {
    put(name);
    put(value);
  }

 private:
  std::string& out_;
  const std::size_t start_;
  weir_cbor_writer writer_{};
};

/// More than all names, heads, numbers and times of a record together.
constexpr std::size_t cbor_fixed_room = 320;

void put_head(CborAppender& out, const Record& record, std::size_t further_members) {
  out.map(3 + further_members);
  out.member("seq"sv, record.seq);
  out.member("kind"sv, to_string(record.kind));
  out.member("time"sv, record.time);
}

void put_reading(std::string& out, const Record& record, Marks marks) {
  const auto* text = std::get_if<std::string>(&record.value);
  const std::size_t room = cbor_fixed_room + record.series->device.size() + record.series->metric.size() + record.unit->size() +
                           (text ? text->size() : 0);
  const bool unit = !record.unit->empty(), quality = record.quality != Quality::good, received = shows_received(record);
  CborAppender to(out, room);
  put_head(to, record, 3U + unit + quality + received + record.clock_unsynchronised + marks.backlog + (marks.merged > 0));
  to.member("device"sv, record.series->device);
  to.member("metric"sv, record.series->metric);
  to.put("value"sv);
  std::visit([&to](const auto& value) { to.put(value); }, record.value);
  if (unit) to.member("unit"sv, *record.unit);
  if (quality) to.member("quality"sv, to_string(record.quality));
  if (received) to.member("received"sv, record.received);
  if (record.clock_unsynchronised) to.member("clock"sv, "unsynchronised"sv);
  if (marks.backlog) to.member("backlog"sv, true);
  if (marks.merged > 0) to.member("merged"sv, marks.merged);
}

/// Rare beside readings, so by way of a document. The log wrote the members: they are sound JSON.
void put_event(std::string& out, const Record& record) {
  const auto members = nlohmann::ordered_json::parse("{" + record.event->members + "}", nullptr, false);
  assert(members.is_object());
  std::vector<std::pair<std::string_view, std::vector<std::uint8_t>>> items;
  std::size_t room = cbor_fixed_room;
  for (const auto& [name, value] : members.items()) {
    items.emplace_back(name, nlohmann::ordered_json::to_cbor(value));
    room += name.size() + 9 + items.back().second.size();
  }
  CborAppender to(out, room);
  put_head(to, record, items.size());
  for (const auto& [name, item] : items) {
    to.put(name);
    to.raw(item);
  }
}

}  // namespace

void append_json(std::string& out, const Record& record, Marks marks) {
  append_head(out, record);
  if (record.series) {
    append_reading(out, record);
    append_marks(out, marks);
  } else if (!record.event->members.empty()) {
    out += ',';
    out += record.event->members;
  }
  out += '}';
}

void append_cbor(std::string& out, const Record& record, Marks marks) {
  record.series ? put_reading(out, record, marks) : put_event(out, record);
}

void append_json(std::string& out, const Gap& gap) {
  out += R"({"kind":"gap","from":")"sv;
  append_cursor(out, gap.from);
  out += R"(","to":")"sv;
  append_cursor(out, gap.to);
  out += R"(","lost":)"sv;
  append_integer(out, gap.lost);
  out += R"(,"reason":")"sv;
  out += gap.reason;
  out += "\"}"sv;
}

void append_cbor(std::string& out, const Gap& gap) {
  CborAppender to(out, cbor_fixed_room);
  to.map(5);
  to.member("kind"sv, "gap"sv);
  to.member("from"sv, gap.from);
  to.member("to"sv, gap.to);
  to.member("lost"sv, gap.lost);
  to.member("reason"sv, gap.reason);
}

}  // namespace weir::gateway
