#include "log/schema_1.h"

#include "log/bytes.h"

namespace weir::gateway {

namespace {

enum class Type : std::uint8_t { number = 0, integer = 1, no = 2, yes = 3, text = 4 };

constexpr unsigned kind_mask = 0x07;
constexpr unsigned has_time = 0x08;
constexpr unsigned unsynchronised = 0x10;
constexpr unsigned has_quality = 0x20;

Value read_value(ByteReader& in) {
  switch (static_cast<Type>(in.byte())) {
    case Type::number: return std::bit_cast<double>(in.fixed(8));
    case Type::integer: return in.signed_varint();
    case Type::no: return false;
    case Type::yes: return true;
    case Type::text: return std::string(in.text());
  }
  return in.fail(), Value(false);
}

void read_reading(ByteReader& in, Record& record, const Names& names) {
  record.series = names.series(in.varint32());
  record.unit = names.unit(in.varint32());
  record.value = read_value(in);
  if (record.series == nullptr || record.unit == nullptr) in.fail();
}

std::shared_ptr<const Event> read_event(ByteReader& in) {
  auto event = std::make_shared<Event>();
  for (auto* text : {&event->device, &event->metric, &event->members}) *text = in.text();
  return event;
}

Record read_record(ByteReader& in, Timestamp received, const Names& names) {
  const unsigned head = in.byte();
  if ((head & kind_mask) == 0 || (head & kind_mask) > kind_count) in.fail();
  Record record{.time = received, .received = received, .kind = static_cast<Kind>(head & kind_mask)};
  record.clock_unsynchronised = (head & unsynchronised) != 0;
  if (head & has_quality) record.quality = static_cast<Quality>(in.byte() & 3U);
  if (head & has_time) record.time += std::chrono::nanoseconds(in.signed_varint());
  if (!in.ok()) return record;
  if (record.kind == Kind::reading) {
    read_reading(in, record, names);
  } else {
    record.event = read_event(in);
  }
  return record;
}

Mark read_mark(ByteReader& in) {
  Mark mark{.device = std::string(in.text())};
  mark.boot = in.varint32();
  mark.sequence = in.varint32();
  return mark;
}

}  // namespace

Result<Schema1Row> decode_schema_1(std::string_view body, std::uint64_t first_seq, Timestamp received, const Names& names) {
  ByteReader in(body);
  Schema1Row row;
  for (auto left = in.varint(); left > 0 && in.ok(); --left) row.marks.push_back(read_mark(in));
  while (!in.at_end()) {
    row.records.push_back(read_record(in, received, names));
    row.records.back().seq = first_seq + row.records.size() - 1;
  }
  if (!in.ok()) return Error{ErrorCode::invalid, "the row at sequence " + std::to_string(first_seq) + " is damaged"};
  return row;
}

}  // namespace weir::gateway
