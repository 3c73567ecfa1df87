#include "stream/latest.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/limits.h"

namespace weir::gateway {
namespace {

/// A turn of follow(): what one read of the tail is asked for.
constexpr std::size_t records_per_read = 4096;

std::string_view state_name(DeviceState state) {
  switch (state) {
    case DeviceState::online: return "online";
    case DeviceState::offline: return "offline";
    case DeviceState::discovered: break;
  }
  return "discovered";
}

std::string text_member(const nlohmann::json& members, const char* name) {
  const auto found = members.find(name);
  return found != members.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Latest::Latest(const Log& log) : log_(log), applied_(log.head()) {
  for (const auto& row : log.devices()) {
    devices_.emplace(row.device, DeviceView{row.device, std::string(state_name(row.state)), row.reader, row.last_seen, {}});
  }
  for (const auto& record : log.newest()) apply_reading(record);
  for (auto& command : log.commands()) store(std::move(command));
}

bool Latest::follow() {
  const std::uint64_t before = applied_;
  while (!cold_ && applied_ < log_.head()) {
    blocks_.clear();
    cold_ = log_.read_tail(applied_, records_per_read, blocks_) == Log::TailRead::cold;
    for (const auto& block : blocks_) apply(*block);
    if (blocks_.empty()) break;
  }
  blocks_.clear();  // not to keep what the tail lets go
  return applied_ != before;
}

void Latest::feed(const BlockPtr& block) {
  cold_ = false;
  if (block) apply(*block);
}

const Record* Latest::newest(std::uint32_t series) const {
  if (series >= newest_.size() || newest_[series].record.seq == 0) return nullptr;
  return &newest_[series].record;
}

std::uint64_t Latest::previous(std::uint32_t series) const { return series < newest_.size() ? newest_[series].previous : 0; }

std::vector<const Record*> Latest::snapshot(Filter& filter, std::uint64_t after) const {
  std::vector<const Record*> found;
  for (const auto& newest : newest_) {
    if (newest.record.seq > after && filter.matches(newest.record)) found.push_back(&newest.record);
  }
  std::sort(found.begin(), found.end(), [](const Record* a, const Record* b) { return a->seq < b->seq; });
  return found;
}

const CommandStatus* Latest::command(std::string_view id) const {
  const auto found = commands_.find(id);
  return found != commands_.end() ? &found->second : nullptr;
}

void Latest::apply(const Block& block) {
  for (const auto& record : block.records) {
    if (record.seq > applied_) apply(record);
  }
  applied_ = std::max(applied_, block.last());
}

void Latest::apply(const Record& record) {
  switch (record.kind) {
    case Kind::reading: return apply_reading(record);
    case Kind::device: return apply_device(record);
    case Kind::command: return apply_command(record);
    case Kind::alarm:
    case Kind::loss:
    case Kind::system: return;
  }
}

void Latest::apply_reading(const Record& record) {
  const std::uint32_t id = record.series->id;
  if (id >= newest_.size()) newest_.resize(id + 1);
  Newest& newest = newest_[id];
  newest.previous = newest.record.seq;
  newest.record = record;
  DeviceView* view = device(record.series->device);
  if (view == nullptr) return;
  if (newest.previous == 0) view->series.push_back(id);
  view->last_seen = std::max(view->last_seen, record.received);
}

/// Only this changes a state: the log itself says `online` of a device that speaks again.
void Latest::apply_device(const Record& record) {
  const auto members = parse_json("{" + record.event->members + "}");
  if (!members) return;
  DeviceView* view = device(record.event->device);
  if (view == nullptr) return;
  view->state = text_member(*members, "state");
  view->reader = text_member(*members, "reader");
  if (view->state != "offline") view->last_seen = std::max(view->last_seen, record.received);
}

void Latest::apply_command(const Record& record) {
  auto command = command_from_members(record.event->members);
  if (command) store(std::move(*command));
}

void Latest::store(CommandStatus&& command) {
  const bool finished = is_final(command.state);
  auto [entry, is_new] = commands_.try_emplace(command.id);
  if (is_new) command_order_.push_back(command.id);
  if (!is_new && is_final(entry->second.state)) --finished_;
  if (!is_new) command.idempotency_key = std::move(entry->second.idempotency_key);
  entry->second = std::move(command);
  if (!finished) return;
  ++finished_;
  if (finished_ > finished_commands_max) forget_finished();
}

void Latest::forget_finished() {
  const auto oldest = std::find_if(command_order_.begin(), command_order_.end(),
                                   [this](const auto& id) { return is_final(commands_.find(id)->second.state); });
  commands_.erase(*oldest);
  command_order_.erase(oldest);
  --finished_;
}

DeviceView* Latest::device(std::string_view name) {
  const auto found = devices_.find(name);
  if (found != devices_.end()) return &found->second;
  if (devices_.size() >= limits::devices_max) {
    ++devices_refused_;
    return nullptr;
  }
  DeviceView view{std::string(name), std::string(state_name(DeviceState::discovered)), {}, {}, {}};
  return &devices_.emplace(std::string(name), std::move(view)).first->second;
}

}  // namespace weir::gateway
