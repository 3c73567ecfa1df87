#include "log/entry.h"

#include "log/bytes.h"

namespace weir::gateway {

namespace {

// Which lists an entry has: most have none.
enum Lists : unsigned { has_series = 1, has_units = 2, has_marks = 4, has_consumers = 8, has_commands = 16, has_pushes = 32 };
constexpr unsigned known_lists = 63;

unsigned lists_of(const Entry& entry) {
  return (entry.series.empty() ? 0U : has_series) | (entry.units.empty() ? 0U : has_units) |
         (entry.marks.empty() ? 0U : has_marks) | (entry.consumers.empty() ? 0U : has_consumers) |
         (entry.commands.empty() ? 0U : has_commands) | (entry.pushes.empty() ? 0U : has_pushes);
}

void put_time(std::string& out, Timestamp time) { put_signed(out, to_nanoseconds(time)); }
Timestamp read_time(ByteReader& in) { return from_nanoseconds(in.signed_varint()); }

void put_command(std::string& out, const CommandStatus& command) {
  for (const auto* text : {&command.id, &command.device, &command.name, &command.args_json, &command.by, &command.result_json,
                           &command.error, &command.idempotency_key})
    put_text(out, *text);
  out.push_back(static_cast<char>(command.state));
  put_time(out, command.created);
  put_time(out, command.deadline);
}

CommandStatus read_command(ByteReader& in) {
  CommandStatus command;
  for (auto* text : {&command.id, &command.device, &command.name, &command.args_json, &command.by, &command.result_json,
                     &command.error, &command.idempotency_key})
    *text = in.text();
  const auto state = in.byte();
  if (state > static_cast<std::uint8_t>(CommandState::unknown)) in.fail();
  command.state = static_cast<CommandState>(state);
  command.created = read_time(in);
  command.deadline = read_time(in);
  return command;
}

ConsumerMark read_consumer(ByteReader& in) {
  ConsumerMark consumer{.name = std::string(in.text())};
  consumer.seq = in.varint();
  consumer.forget = in.byte() != 0;
  return consumer;
}

Mark read_mark(ByteReader& in) {
  Mark mark{.device = std::string(in.text())};
  mark.boot = in.varint32();
  mark.sequence = in.varint32();
  return mark;
}

Push read_push(ByteReader& in) {
  Push push{.key = std::string(in.text())};
  push.last = in.varint();
  push.accepted = in.varint();
  push.received = read_time(in);
  return push;
}

/// A list is its length and its items.
template <class List, class Put>
void put_list(std::string& out, const List& list, const Put& put) {
  if (list.empty()) return;
  put_varint(out, list.size());
  for (const auto& item : list) put(item);
}

template <class List, class Read>
void read_list(ByteReader& in, bool there, List& list, const Read& read) {
  if (!there) return;
  for (auto left = in.varint(); left > 0 && in.ok(); --left) list.push_back(read(in));
}

}  // namespace

void encode_entry_head(std::string& payload, const Entry& entry) {
  put_varint(payload, entry.first_seq);
  put_varint(payload, entry.record_count);
  payload.push_back(static_cast<char>(lists_of(entry)));
  if (!entry.series.empty()) put_varint(payload, entry.first_series);
  put_list(payload, entry.series, [&](const auto& names) { put_text(payload, names.first), put_text(payload, names.second); });
  if (!entry.units.empty()) put_varint(payload, entry.first_unit);
  put_list(payload, entry.units, [&](const auto& unit) { put_text(payload, unit); });
  put_list(payload, entry.marks, [&](const Mark& mark) {
    put_text(payload, mark.device);
    put_varint(payload, mark.boot);
    put_varint(payload, mark.sequence);
  });
  put_list(payload, entry.consumers, [&](const ConsumerMark& consumer) {
    put_text(payload, consumer.name);
    put_varint(payload, consumer.seq);
    payload.push_back(consumer.forget ? 1 : 0);
  });
  put_list(payload, entry.commands, [&](const CommandStatus& command) { put_command(payload, command); });
  put_list(payload, entry.pushes, [&](const Push& push) {
    put_text(payload, push.key);
    put_varint(payload, push.last);
    put_varint(payload, push.accepted);
    put_time(payload, push.received);
  });
}

EntryRange range_of_entry(std::string_view payload) {
  ByteReader in(payload);
  const auto first_seq = in.varint();
  return {first_seq, in.varint()};
}

Result<Entry> decode_entry(std::string_view payload) {
  ByteReader in(payload);
  Entry entry;
  entry.first_seq = in.varint();
  entry.record_count = in.varint();
  const unsigned lists = in.byte();
  if ((lists & ~known_lists) != 0) in.fail();
  if (lists & has_series) entry.first_series = in.varint32();
  read_list(in, lists & has_series, entry.series, [](ByteReader& from) {
    std::string device(from.text());
    return std::pair(std::move(device), std::string(from.text()));
  });
  if (lists & has_units) entry.first_unit = in.varint32();
  read_list(in, lists & has_units, entry.units, [](ByteReader& from) { return std::string(from.text()); });
  read_list(in, lists & has_marks, entry.marks, read_mark);
  read_list(in, lists & has_consumers, entry.consumers, read_consumer);
  read_list(in, lists & has_commands, entry.commands, read_command);
  read_list(in, lists & has_pushes, entry.pushes, read_push);
  entry.records = in.rest();
  if (!in.ok()) return Error{ErrorCode::invalid, "an entry of the journal does not parse"};
  return entry;
}

}  // namespace weir::gateway
