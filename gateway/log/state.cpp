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

}  // namespace

std::string_view to_string(DeviceState state) { return state_names[static_cast<std::size_t>(state)]; }

void State::apply(const Entry& entry) {
  for (const auto& mark : entry.marks) apply(mark);
  for (const auto& consumer : entry.consumers) {
    if (consumer.forget && role_ == Role::live) {
      consumers_.erase(consumer.name);
    } else {
      consumers_[consumer.name] = consumer;
    }
  }
  for (const auto& command : entry.commands) {
    if (!commands_taken_) commands_[command.id] = {++command_changes_, command};
  }
  for (const auto& push : entry.pushes) add_push(push);
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

void State::add_push(const Push& push) {
  if (!pushes_.try_emplace(push.key, push).second) return;
  push_keys_.push_back(push.key);
  if (push_keys_.size() <= limits::idempotency_keys_max) return;
  pushes_.erase(push_keys_.front());
  push_keys_.pop_front();
}

State::Device* State::find_or_add_device(const std::string& name) {
  if (const auto found = devices_.find(name); found != devices_.end()) return &found->second;
  return room_for_device() ? &devices_[name] : nullptr;
}

bool State::room_for_device() const { return devices_.size() < limits::devices_max; }

const State::Device* State::device(const std::string& name) const {
  const auto found = devices_.find(name);
  return found == devices_.end() ? nullptr : &found->second;
}

const Mark* State::mark(const std::string& device, std::uint32_t boot) const {
  const auto found = marks_.find(device);
  if (found == marks_.end()) return nullptr;
  const auto same = std::find_if(found->second.begin(), found->second.end(), [&](const Mark& m) { return m.boot == boot; });
  return same == found->second.end() ? nullptr : &*same;
}

const Push* State::push(const std::string& key) const {
  const auto found = pushes_.find(key);
  return found == pushes_.end() ? nullptr : &found->second;
}

std::vector<State::ChangedCommand> State::commands_by_change() const {
  std::vector<ChangedCommand> commands;
  for (const auto& [id, command] : commands_) commands.push_back(command);
  std::sort(commands.begin(), commands.end(), [](const auto& a, const auto& b) { return a.change < b.change; });
  return commands;
}

std::vector<CommandStatus> State::take_commands() {
  std::vector<CommandStatus> open, finished;
  for (auto& command : commands_by_change())
    (is_final(command.status.state) ? finished : open).push_back(std::move(command.status));
  commands_.clear();
  commands_taken_ = true;
  if (finished.size() > limits::commands_finished_max) {
    finished.erase(finished.begin(), finished.end() - static_cast<std::ptrdiff_t>(limits::commands_finished_max));
  }
  open.insert(open.end(), std::make_move_iterator(finished.begin()), std::make_move_iterator(finished.end()));
  return open;
}

// --- The database

Result<void> State::load(Database& database, const Names& names) {
  auto done = for_each_row(database.prepare("SELECT name, state, reader, last_seen FROM device"), [&](const Statement& row) {
    devices_[std::string(row.text(0))] = {device_state_from(row.text(1)), std::string(row.text(2)),
                                          from_nanoseconds(row.integer(3))};
  });
  if (!done) return done;
  done = for_each_row(database.prepare("SELECT device, boot, sequence FROM mark ORDER BY rowid"), [&](const Statement& row) {
    apply(Mark{std::string(row.text(0)), static_cast<std::uint32_t>(row.integer(1)), static_cast<std::uint32_t>(row.integer(2))});
  });
  if (!done) return done;
  done = for_each_row(database.prepare("SELECT name, seq FROM consumer"), [&](const Statement& row) {
    const std::string name(row.text(0));
    consumers_[name] = {.name = name, .seq = static_cast<std::uint64_t>(row.integer(1))};
  });
  if (!done) return done;
  done = for_each_row(database.prepare("SELECT key, last, accepted, received FROM push ORDER BY received"),
                      [&](const Statement& row) {
                        add_push({std::string(row.text(0)), static_cast<std::uint64_t>(row.integer(1)),
                                  static_cast<std::uint64_t>(row.integer(2)), from_nanoseconds(row.integer(3))});
                      });
  if (!done) return done;
  if (done = load_commands(database); !done) return done;
  return load_newest(database, names);
}

Result<void> State::load_commands(Database& database) {
  auto rows = database.prepare(
      "SELECT id, device, name, args, by, result, error, key, state, created, deadline, rowid FROM command "
      "ORDER BY state IN ('queued', 'sent') DESC, rowid DESC LIMIT ?");
  if (!rows) return rows.error();
  rows->bind(static_cast<std::uint64_t>(limits::commands_open_max + limits::commands_finished_max));
  return for_each_row(std::move(rows), [&](const Statement& row) {
    CommandStatus command;
    int column = 0;
    for (auto* text : {&command.id, &command.device, &command.name, &command.args_json, &command.by, &command.result_json,
                       &command.error, &command.idempotency_key})
      *text = row.text(column++);
    command.state = command_state_from(row.text(8)).value_or(CommandState::unknown);
    command.created = from_nanoseconds(row.integer(9));
    command.deadline = from_nanoseconds(row.integer(10));
    const auto change = static_cast<std::uint64_t>(row.integer(11));
    command_changes_ = std::max(command_changes_, change);
    const auto id = command.id;
    commands_[id] = {change, std::move(command)};
  });
}

Result<void> State::load_newest(Database& database, const Names& names) {
  std::vector<Record> records;
  return for_each_row(database.prepare("SELECT seq, body FROM newest ORDER BY series"), [&](const Statement& row) {
    records.clear();
    // A damaged row costs the newest value of one series until its next reading, nothing else.
    if (!decode_segment(row.text(1), static_cast<std::uint64_t>(row.integer(0)), names, records) || records.size() != 1) return;
    const auto& record = records.front();
    if (record.series->id >= newest_.size()) newest_.resize(record.series->id + 1);
    newest_[record.series->id] = record;
  });
}

Result<void> State::save(Database& database, const Dictionary& dictionary) const {
  if (auto done = save_devices(database); !done) return done;
  if (auto done = save_newest(database, dictionary); !done) return done;
  if (auto done = save_commands(database); !done) return done;
  return save_consumers_and_pushes(database);
}

Result<void> State::save_devices(Database& database) const {
  auto device = database.prepare(
      "INSERT INTO device(name, state, reader, last_seen) VALUES (?1, ?2, ?3, ?4) ON CONFLICT(name) DO UPDATE SET "
      "last_seen = ?4, state = iif(?3 = '', state, ?2), reader = iif(?3 = '', reader, ?3)");
  if (!device) return device.error();
  for (const auto& [name, d] : devices_) {
    if (auto done = device->bind(name, to_string(d.state), d.reader, to_nanoseconds(d.last_seen)).run(); !done) return done;
  }
  auto forget = database.prepare("DELETE FROM mark WHERE device = ? AND boot = ?");
  if (!forget) return forget.error();
  auto mark = database.prepare("INSERT INTO mark(device, boot, sequence) VALUES (?, ?, ?)");
  if (!mark) return mark.error();
  auto prune = database.prepare(
      "DELETE FROM mark WHERE device = ?1 AND rowid NOT IN (SELECT rowid FROM mark WHERE device = ?1 "
      "ORDER BY rowid DESC LIMIT ?2)");
  if (!prune) return prune.error();
  for (const auto& [name, marks] : marks_) {
    for (const auto& m : marks) {
      if (auto done = forget->bind(name, m.boot).run(); !done) return done;
      if (auto done = mark->bind(name, m.boot, m.sequence).run(); !done) return done;
    }
    if (auto done = prune->bind(name, static_cast<std::uint64_t>(limits::node_boots_max)).run(); !done) return done;
  }
  return {};
}

Result<void> State::save_newest(Database& database, const Dictionary& dictionary) const {
  auto insert = database.prepare("INSERT OR REPLACE INTO newest(series, seq, body) VALUES (?, ?, ?)");
  if (!insert) return insert.error();
  SegmentEncoder encoder;
  for (const auto& record : newest_) {
    if (record.seq == 0) continue;
    std::string body;
    encoder.begin_commit({.received = record.received});
    encoder.add(record, dictionary.unit_id(record.unit));
    encoder.finish(body);
    if (auto done = insert->bind(record.series->id, record.seq, Blob{body}).run(); !done) return done;
  }
  return {};
}

Result<void> State::save_commands(Database& database) const {
  auto insert = database.prepare(
      "INSERT OR REPLACE INTO command(id, device, name, args, by, result, error, key, state, created, deadline) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) return insert.error();
  for (const auto& [change, c] : commands_by_change()) {
    auto done = insert
                    ->bind(c.id, c.device, c.name, c.args_json, c.by, c.result_json, c.error, c.idempotency_key,
                           to_string(c.state), to_nanoseconds(c.created), to_nanoseconds(c.deadline))
                    .run();
    if (!done) return done;
  }
  return {};
}

Result<void> State::save_consumers_and_pushes(Database& database) const {
  auto forget = database.prepare("DELETE FROM consumer WHERE name = ?");
  if (!forget) return forget.error();
  auto keep = database.prepare("INSERT OR REPLACE INTO consumer(name, seq) VALUES (?, ?)");
  if (!keep) return keep.error();
  for (const auto& [name, consumer] : consumers_) {
    auto done = consumer.forget ? forget->bind(name).run() : keep->bind(name, consumer.seq).run();
    if (!done) return done;
  }
  auto insert = database.prepare("INSERT OR IGNORE INTO push(key, last, accepted, received) VALUES (?, ?, ?, ?)");
  if (!insert) return insert.error();
  for (const auto& key : push_keys_) {
    const auto& push = pushes_.at(key);
    if (auto done = insert->bind(key, push.last, push.accepted, to_nanoseconds(push.received)).run(); !done) return done;
  }
  return {};
}

}  // namespace weir::gateway
