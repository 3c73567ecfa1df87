#include "log/state.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/limits.h"

namespace weir::gateway {

namespace {

constexpr std::array<std::string_view, 3> state_names = {"discovered", "online", "offline"};

DeviceState device_state_from(std::string_view text) {
  const auto found = std::find(state_names.begin(), state_names.end(), text);
  return found == state_names.end() ? DeviceState::discovered : static_cast<DeviceState>(found - state_names.begin());
}

/// Runs `statement` and hands each row to `row`.
template <class Row>
Result<void> for_each_row(Result<Statement> statement, const Row& row) {
  if (!statement) return statement.error();
  for (;;) {
    auto more = statement->step();
    if (!more) return more.error();
    if (!*more) return {};
    row(*statement);
  }
}

}  // namespace

std::string_view to_string(DeviceState state) { return state_names[static_cast<std::size_t>(state)]; }

Result<void> State::load(Database& database, const Names& names) {
  auto devices = for_each_row(database.prepare("SELECT name, state, reader, last_seen FROM device"), [&](const Statement& row) {
    devices_[std::string(row.text(0))] = {device_state_from(row.text(1)), std::string(row.text(2)),
                                          from_nanoseconds(row.integer(3))};
  });
  if (!devices) return devices;
  auto marks = for_each_row(database.prepare("SELECT device, boot, sequence FROM mark ORDER BY rowid"), [&](const Statement&
                                                                                                                row) {
    apply(Mark{std::string(row.text(0)), static_cast<std::uint32_t>(row.integer(1)), static_cast<std::uint32_t>(row.integer(2))});
  });
  if (!marks) return marks;
  return load_newest(database, names);
}

Result<void> State::load_newest(Database& database, const Names& names) {
  return for_each_row(database.prepare("SELECT seq, received, body FROM newest"), [&](const Statement& row) {
    const auto decoded =
        decode_body(row.text(2), static_cast<std::uint64_t>(row.integer(0)), from_nanoseconds(row.integer(1)), names);
    // A damaged row costs the newest value of one series until its next reading, nothing else.
    if (decoded && decoded->records.size() == 1) apply(decoded->records.front());
  });
}

Result<void> State::save(Database& database, Dictionary& dictionary) const {
  if (auto cleared = database.run("DELETE FROM device; DELETE FROM mark"); !cleared) return cleared;
  auto insert_device = database.prepare("INSERT INTO device(name, state, reader, last_seen) VALUES (?, ?, ?, ?)");
  if (!insert_device) return insert_device.error();
  for (const auto& [name, device] : devices_) {
    auto done = insert_device->bind(name, to_string(device.state), device.reader, to_nanoseconds(device.last_seen)).run();
    if (!done) return done;
  }
  auto insert_mark = database.prepare("INSERT INTO mark(device, boot, sequence) VALUES (?, ?, ?)");
  if (!insert_mark) return insert_mark.error();
  for (const auto& [device, marks] : marks_) {
    for (const auto& mark : marks) {
      if (auto done = insert_mark->bind(device, mark.boot, mark.sequence).run(); !done) return done;
    }
  }
  return save_newest(database, dictionary);
}

Result<void> State::save_newest(Database& database, Dictionary& dictionary) const {
  auto insert = database.prepare("INSERT OR REPLACE INTO newest(series, seq, received, body) VALUES (?, ?, ?, ?)");
  if (!insert) return insert.error();
  for (const auto& record : newest_) {
    if (record.seq == 0) continue;
    std::string body;
    encode_marks(body, {});
    encode_record(body, record, dictionary.find_or_add_unit(*record.unit)->id);
    if (auto done = insert->bind(record.series->id, record.seq, to_nanoseconds(record.received), Blob{body}).run(); !done)
      return done;
  }
  return {};
}

void State::apply(const Record& record) {
  if (record.kind == Kind::device) return apply_device_event(record);
  if (record.kind != Kind::reading) return;
  const auto id = record.series->id;
  if (id >= newest_.size()) newest_.resize(id + 1);
  newest_[id] = record;
  if (auto* device = find_or_add_device(record.series->device)) device->last_seen = record.received;
}

void State::apply_device_event(const Record& record) {
  const auto members = nlohmann::json::parse("{" + record.event->members + "}", nullptr, false);
  auto* device = find_or_add_device(record.event->device);
  if (!members.is_object() || device == nullptr) return;
  device->state = device_state_from(members.value("state", std::string()));
  device->reader = members.value("reader", std::string());
  device->last_seen = record.received;
}

void State::apply(const Mark& mark) {
  auto& marks = marks_[mark.device];
  const auto same = std::find_if(marks.begin(), marks.end(), [&](const Mark& m) { return m.boot == mark.boot; });
  if (same != marks.end()) {
    same->sequence = mark.sequence;
    return;
  }
  if (marks.size() >= limits::node_boots_max) marks.erase(marks.begin());
  marks.push_back(mark);
}

State::Device* State::find_or_add_device(const std::string& name) {
  if (const auto found = devices_.find(name); found != devices_.end()) return &found->second;
  if (devices_.size() >= limits::devices_max) return nullptr;
  return &devices_[name];
}

const Mark* State::mark(const std::string& device, std::uint32_t boot) const {
  const auto found = marks_.find(device);
  if (found == marks_.end()) return nullptr;
  const auto same = std::find_if(found->second.begin(), found->second.end(), [&](const Mark& m) { return m.boot == boot; });
  return same == found->second.end() ? nullptr : &*same;
}

}  // namespace weir::gateway
