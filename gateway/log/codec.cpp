#include "log/codec.h"

#include <bit>
#include <cstring>

namespace weir::gateway {

namespace {

enum class Type : std::uint8_t { number = 0, integer = 1, no = 2, yes = 3, text = 4 };

// The first byte of a record: kind in bits 0-2, then one flag each.
constexpr unsigned kind_mask = 0x07;
constexpr unsigned has_time = 0x08;  // time differs from received
constexpr unsigned unsynchronised = 0x10;
constexpr unsigned has_quality = 0x20;

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

void put_double(std::string& out, double value) {
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i, bits >>= 8) out.push_back(static_cast<char>(bits));
}

void put_value(std::string& out, const Value& value) {
  const auto type = [&](Type t) { out.push_back(static_cast<char>(t)); };
  if (const auto* number = std::get_if<double>(&value)) {
    type(Type::number);
    put_double(out, *number);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    type(Type::integer);
    put_varint(out, zigzag(*integer));
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    type(*flag ? Type::yes : Type::no);
  } else {
    type(Type::text);
    put_text(out, std::get<std::string>(value));
  }
}

/// Reads within bounds; after the first fault everything is 0 and ok() is false.
class BodyReader {
 public:
  explicit BodyReader(std::string_view body) : rest_(body) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty() || !ok_; }

  std::uint8_t byte() {
    if (rest_.empty()) return fail(), std::uint8_t{0};
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto next = byte();
      value |= static_cast<std::uint64_t>(next & 0x7FU) << shift;
      if (next < 0x80) return value;
    }
    return fail(), 0;
  }

  std::string text() {
    const auto size = varint();
    if (size > rest_.size()) return fail(), std::string();
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }

  double number() {
    std::uint64_t bits = 0;
    for (unsigned i = 0; i < 8; ++i) bits |= static_cast<std::uint64_t>(byte()) << (8 * i);
    return std::bit_cast<double>(bits);
  }

  void fail() { ok_ = false, rest_ = {}; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

Value read_value(BodyReader& in) {
  switch (static_cast<Type>(in.byte())) {
    case Type::number: return in.number();
    case Type::integer: return unzigzag(in.varint());
    case Type::no: return false;
    case Type::yes: return true;
    case Type::text: return in.text();
  }
  return in.fail(), Value(false);
}

void read_reading(BodyReader& in, Record& record, const Names& names) {
  record.series = names.series(static_cast<std::uint32_t>(in.varint()));
  record.unit = names.unit(static_cast<std::uint32_t>(in.varint()));
  record.value = read_value(in);
  if (record.series == nullptr || record.unit == nullptr) in.fail();
}

std::shared_ptr<const Event> read_event(BodyReader& in) {
  auto event = std::make_shared<Event>();
  event->device = in.text();
  event->metric = in.text();
  event->members = in.text();
  return event;
}

Record read_record(BodyReader& in, Timestamp received, const Names& names) {
  Record record;
  const auto head = in.byte();
  record.kind = static_cast<Kind>(head & kind_mask);
  if ((head & kind_mask) == 0 || (head & kind_mask) > kind_count) in.fail();
  record.clock_unsynchronised = (head & unsynchronised) != 0;
  if (head & has_quality) record.quality = static_cast<Quality>(in.byte() & 3U);
  record.received = received;
  record.time = received;
  if (head & has_time) record.time += std::chrono::nanoseconds(unzigzag(in.varint()));
  if (!in.ok()) return record;
  if (record.kind == Kind::reading) {
    read_reading(in, record, names);
  } else {
    record.event = read_event(in);
  }
  return record;
}

}  // namespace

void encode_marks(std::string& body, const std::vector<Mark>& marks) {
  put_varint(body, marks.size());
  for (const auto& mark : marks) {
    put_text(body, mark.device);
    put_varint(body, mark.boot);
    put_varint(body, mark.sequence);
  }
}

void encode_record(std::string& body, const Record& record, std::uint32_t unit_id) {
  unsigned head = static_cast<unsigned>(record.kind);
  if (record.time != record.received) head |= has_time;
  if (record.clock_unsynchronised) head |= unsynchronised;
  if (record.quality != Quality::good) head |= has_quality;
  body.push_back(static_cast<char>(head));
  if (head & has_quality) body.push_back(static_cast<char>(record.quality));
  if (head & has_time) put_varint(body, zigzag((record.time - record.received).count()));
  if (record.kind == Kind::reading) {
    put_varint(body, record.series->id);
    put_varint(body, unit_id);
    put_value(body, record.value);
  } else {
    put_text(body, record.event->device);
    put_text(body, record.event->metric);
    put_text(body, record.event->members);
  }
}

Result<DecodedBody> decode_body(std::string_view body, std::uint64_t first_seq, Timestamp received, const Names& names) {
  BodyReader in(body);
  DecodedBody out;
  for (auto left = in.varint(); left > 0 && in.ok(); --left) {
    Mark mark{.device = in.text()};
    mark.boot = static_cast<std::uint32_t>(in.varint());
    mark.sequence = static_cast<std::uint32_t>(in.varint());
    out.marks.push_back(std::move(mark));
  }
  while (!in.at_end()) {
    out.records.push_back(read_record(in, received, names));
    out.records.back().seq = first_seq + out.records.size() - 1;
  }
  if (!in.ok()) return Error{ErrorCode::invalid, "the log's row at sequence " + std::to_string(first_seq) + " is damaged"};
  return out;
}

}  // namespace weir::gateway
