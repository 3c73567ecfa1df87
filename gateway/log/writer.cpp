#include "log/writer.h"

#include "base/limits.h"
#include "log/members.h"

namespace weir::gateway {

namespace {

Loss limit_reached(const Reading& reading, std::string where, const char* what) {
  return {.where = std::move(where), .reason = "full", .detail = what, .device = reading.device, .metric = reading.metric};
}

}  // namespace

Result<Writer::Outcome> Writer::commit(std::vector<Append*>& batch, bool synchronised) {
  begin(synchronised);
  const auto ledger_before = ledger_;  // usually empty: a failed commit must not count its losses twice
  const auto losses_before = losses_, duplicates_before = duplicates_;
  Outcome outcome;
  for (auto* append : batch) {
    auto known = repeated(append->idempotency_key);
    outcome.committed.push_back(known ? *known : add(*append));
    if (!append->idempotency_key.empty()) keys_.try_emplace(append->idempotency_key, outcome.committed.back());
  }
  for (auto& event : ledger_.due(at_)) add_event(Kind::loss, std::move(event));
  collect_extras(batch, outcome.committed);
  if (auto written = write(); !written) {
    ledger_ = ledger_before;
    losses_ = losses_before;
    duplicates_ = duplicates_before;
    return written.error();
  }
  apply();
  if (!block_->records.empty()) outcome.block = std::move(block_);
  return outcome;
}

void Writer::begin(bool synchronised) {
  // Whole milliseconds: what the log stamps by itself is no more exact than that, and packs far better.
  now_ = std::chrono::floor<std::chrono::milliseconds>(clock_.wall());
  at_ = clock_.monotonic();
  commit_ = {.received = now_, .monotonic_ms = since_boot(at_).count(), .boot = log_.boots.current()};
  commit_.synchronised = synchronised;
  entry_ = {};
  block_ = std::make_shared<Block>();
  units_.clear();
  marks_.clear();
  devices_.clear();
  keys_.clear();
}

bool Writer::losses_due() const {
  const auto next = ledger_.next_due();
  return next && *next <= clock_.monotonic();
}

Committed Writer::add(Append& append) {
  Committed committed;
  auto& delivery = append.delivery;
  for (const auto& change : delivery.devices) set_device(change.device, change.state, delivery.reader);
  committed.accepted = add_readings(delivery);
  for (const auto& loss : delivery.losses) add_loss(loss, delivery.reader);
  for (const auto& command : append.commands) {
    add_event(Kind::command, {command.device, {}, command_members(command)});
  }
  for (auto& [kind, event] : append.events) add_event(kind, std::move(event));
  committed.last = last_seq();
  return committed;
}

const Mark* Writer::mark(const std::string& device, std::uint32_t boot) const {
  const auto moved = marks_.find({device, boot});
  return moved != marks_.end() ? &moved->second : log_.state.mark(device, boot);
}

std::size_t Writer::add_readings(Delivery& delivery) {
  std::size_t known = 0;
  if (delivery.mark && !delivery.readings.empty()) {
    const auto& sent = *delivery.mark;
    const auto count = static_cast<std::uint32_t>(delivery.readings.size());
    if (const auto* taken = mark(sent.device, sent.boot); taken && taken->sequence >= sent.first_sequence) {
      known = std::min<std::size_t>(count, std::size_t{taken->sequence} - sent.first_sequence + 1);
    }
    duplicates_ += known;
    if (known < count) marks_[{sent.device, sent.boot}] = Mark{sent.device, sent.boot, sent.first_sequence + count - 1};
  }
  for (std::size_t i = known; i < delivery.readings.size(); ++i) add_reading(delivery.readings[i], delivery.reader);
  return delivery.readings.size();
}

void Writer::add_reading(Reading& reading, const std::string& reader) {
  const auto* series = log_.dictionary.find_or_add_series(reading.device, reading.metric);
  if (series == nullptr) return add_loss(limit_reached(reading, reader, "the log has as many series as it may have"), reader);
  const auto* unit = log_.dictionary.find_or_add_unit(reading.unit);
  if (unit == nullptr) return add_loss(limit_reached(reading, reader, "the log has as many units as it may have"), reader);
  set_device(reading.device, DeviceState::online, reader);
  Record record{.seq = last_seq() + 1, .time = reading.time.value_or(now_), .received = now_, .kind = Kind::reading};
  record.quality = reading.quality;
  record.clock_unsynchronised = reading.clock_unsynchronised || (!reading.time && !commit_.synchronised);
  record.series = series;
  record.unit = &unit->text;
  record.value = std::move(reading.value);
  block_->records.push_back(std::move(record));
  units_.push_back(unit->id);
}

void Writer::add_loss(const Loss& loss, const std::string& reader) {
  losses_ += loss.count;
  if (auto event = ledger_.add(loss, reader, now_, at_)) add_event(Kind::loss, std::move(*event));
}

void Writer::set_device(const std::string& device, DeviceState state, const std::string& reader) {
  const auto changed = devices_.find(device);
  const auto* known = log_.state.device(device);
  if (changed != devices_.end()) {
    if (changed->second.first == state) return;
  } else if (known != nullptr) {
    if (known->state == state && !known->reader.empty()) return;
  } else if (!log_.state.room_for_device()) {
    return;  // beyond devices_max: read, but without a state
  }
  devices_[device] = {state, reader};
  MembersWriter members;
  members.text("device", device).text("state", to_string(state)).text("reader", reader);
  add_event(Kind::device, {device, {}, members.take()});
}

void Writer::add_event(Kind kind, Event event) {
  Record record{.seq = last_seq() + 1, .time = now_, .received = now_, .kind = kind};
  record.event = std::make_shared<const Event>(std::move(event));
  block_->records.push_back(std::move(record));
  units_.push_back(0);
}

std::optional<Committed> Writer::repeated(const std::string& key) const {
  if (key.empty()) return std::nullopt;
  if (const auto same = keys_.find(key); same != keys_.end()) {
    auto committed = same->second;
    committed.repeated = true;
    return committed;
  }
  const auto* push = log_.state.push(key);
  if (push == nullptr) return std::nullopt;
  return Committed{.last = push->last, .accepted = static_cast<std::size_t>(push->accepted), .repeated = true};
}

/// What is durable together with the records.
void Writer::collect_extras(const std::vector<Append*>& batch, const std::vector<Committed>& committed) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (committed[i].repeated) continue;
    auto& append = *batch[i];
    entry_.consumers.insert(entry_.consumers.end(), append.consumers.begin(), append.consumers.end());
    entry_.commands.insert(entry_.commands.end(), append.commands.begin(), append.commands.end());
    if (append.idempotency_key.empty()) continue;
    entry_.pushes.push_back({append.idempotency_key, committed[i].last, committed[i].accepted, now_});
  }
  for (const auto& [name, moved] : marks_) entry_.marks.push_back(moved);
  log_.dictionary.take_new(entry_);
}

Result<void> Writer::write() {
  entry_.first_seq = next_seq_;
  entry_.record_count = block_->records.size();
  payload_.clear();
  encode_entry_head(payload_, entry_);
  encoder_.begin_commit(commit_);
  for (std::size_t i = 0; i < units_.size(); ++i) encoder_.add(block_->records[i], units_[i]);
  encoder_.finish(payload_);
  return log_.journal.append(payload_, entry_.record_count);
}

void Writer::apply() {
  next_seq_ += block_->records.size();
  log_.dictionary.taken();
  log_.state.apply(entry_);
  for (const auto& record : block_->records) {
    log_.state.apply(record);
    if (record.kind == Kind::loss) log_.losses.apply(record);
  }
}

}  // namespace weir::gateway
