#include "log/writer.h"

#include "base/limits.h"
#include "log/members.h"

namespace weir::gateway {

namespace {

Loss limit_reached(const Reading& reading, std::string where, const char* what) {
  return {.where = std::move(where), .reason = "full", .detail = what, .device = reading.device, .metric = reading.metric};
}

}  // namespace

Result<Writer::Outcome> Writer::commit(std::vector<Append*>& batch) {
  now_ = clock_.wall();
  at_ = clock_.monotonic();
  block_ = std::make_shared<Block>();
  units_.clear();
  marks_.clear();
  keys_.clear();
  const auto ledger_before = ledger_;  // usually empty: a failed commit must not count its losses twice
  const auto losses_before = losses_;
  Outcome outcome;
  for (auto* append : batch) {
    auto known = repeated(append->idempotency_key);
    if (!known) return known.error();
    outcome.committed.push_back(*known ? **known : add(*append));
    if (!append->idempotency_key.empty()) keys_.try_emplace(append->idempotency_key, outcome.committed.back());
  }
  for (auto& event : ledger_.due(at_)) add_event(Kind::loss, std::move(event));
  auto written = write(batch, outcome.committed);
  if (!written) {
    ledger_ = ledger_before;
    losses_ = losses_before;
    if (auto reloaded = store_.reload_state(); !reloaded) return Error{ErrorCode::io, reloaded.error().message};
    return written.error();
  }
  store_.dictionary().committed();
  if (!block_->records.empty()) {
    store_.appended(now_, block_->records.size(), body_.size());
    outcome.block = std::move(block_);
  }
  return outcome;
}

bool Writer::losses_due() const {
  const auto next = ledger_.next_due();
  return next && *next <= clock_.monotonic();
}

Committed Writer::add(Append& append) {
  Committed committed;
  auto& delivery = append.delivery;
  for (const auto& change : delivery.devices) add_device_change(change, delivery.reader);
  committed.accepted = add_readings(delivery);
  for (const auto& loss : delivery.losses) add_loss(loss, delivery.reader);
  for (const auto& command : append.commands) {
    add_event(Kind::command, {command.device, {}, command_members(command)});
  }
  for (auto& [kind, event] : append.events) add_event(kind, std::move(event));
  committed.last = last_seq();
  return committed;
}

std::size_t Writer::add_readings(Delivery& delivery) {
  std::size_t known = 0;
  if (delivery.mark && !delivery.readings.empty()) {
    const auto& mark = *delivery.mark;
    const auto count = static_cast<std::uint32_t>(delivery.readings.size());
    if (const auto* taken = store_.state().mark(mark.device, mark.boot); taken && taken->sequence >= mark.first_sequence) {
      known = std::min<std::size_t>(count, std::size_t{taken->sequence} - mark.first_sequence + 1);
    }
    duplicates_ += known;
    if (known < count) {
      store_.state().apply(Mark{mark.device, mark.boot, mark.first_sequence + count - 1});
      marks_.emplace(mark.device, mark.boot);
    }
  }
  for (std::size_t i = known; i < delivery.readings.size(); ++i) add_reading(delivery.readings[i], delivery.reader);
  return delivery.readings.size();
}

void Writer::add_reading(Reading& reading, const std::string& reader) {
  const auto* series = store_.dictionary().find_or_add_series(reading.device, reading.metric);
  if (series == nullptr) return add_loss(limit_reached(reading, reader, "the log has as many series as it may have"), reader);
  const auto* unit = store_.dictionary().find_or_add_unit(reading.unit);
  if (unit == nullptr) return add_loss(limit_reached(reading, reader, "the log has as many units as it may have"), reader);
  set_device(reading.device, DeviceState::online, reader);
  Record record{.seq = last_seq() + 1, .time = reading.time.value_or(now_), .received = now_, .kind = Kind::reading};
  record.quality = reading.quality;
  record.clock_unsynchronised = reading.clock_unsynchronised;
  record.series = series;
  record.unit = &unit->text;
  record.value = std::move(reading.value);
  store_.state().apply(record);
  block_->records.push_back(std::move(record));
  units_.push_back(unit->id);
}

void Writer::add_loss(const Loss& loss, const std::string& reader) {
  losses_ += loss.count;
  if (auto event = ledger_.add(loss, reader, now_, at_)) add_event(Kind::loss, std::move(*event));
}

void Writer::add_device_change(const DeviceChange& change, const std::string& reader) {
  set_device(change.device, change.state, reader);
}

void Writer::set_device(const std::string& device, DeviceState state, const std::string& reader) {
  auto* known = store_.state().find_or_add_device(device);
  if (known == nullptr) return;  // beyond devices_max: read, but without a state
  const bool same = known->state == state && !known->reader.empty();
  known->last_seen = now_;
  if (same) return;
  known->state = state;
  known->reader = reader;
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

Result<std::optional<Committed>> Writer::repeated(const std::string& key) {
  if (key.empty()) return std::optional<Committed>();
  if (const auto same = keys_.find(key); same != keys_.end()) {
    auto committed = same->second;
    committed.repeated = true;
    return std::optional(committed);
  }
  auto found = store_.database().prepare("SELECT last, accepted FROM push WHERE key = ?");
  if (!found) return found.error();
  auto row = found->bind(key).step();
  if (!row) return row.error();
  if (!*row) return std::optional<Committed>();
  return std::optional(Committed{.last = static_cast<std::uint64_t>(found->integer(0)),
                                 .accepted = static_cast<std::size_t>(found->integer(1)),
                                 .repeated = true});
}

Result<void> Writer::write(const std::vector<Append*>& batch, const std::vector<Committed>& committed) {
  auto transaction = store_.begin();
  if (!transaction) return transaction.error();
  if (auto done = store_.dictionary().persist(); !done) return done;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (auto done = write_tables(*batch[i], committed[i]); !done) return done;
  }
  if (!block_->records.empty()) {
    std::vector<Mark> marks;
    for (const auto& [device, boot] : marks_) marks.push_back(*store_.state().mark(device, boot));
    body_.clear();
    encode_marks(body_, marks);
    for (std::size_t i = 0; i < units_.size(); ++i) encode_record(body_, block_->records[i], units_[i]);
    if (auto done = store_.append_row(now_, units_.size(), body_); !done) return done;
  }
  return transaction->commit();
}

Result<void> Writer::write_tables(const Append& append, const Committed& committed) {
  if (committed.repeated) return {};
  for (const auto& consumer : append.consumers) {
    auto statement = store_.database().prepare(consumer.forget ? "DELETE FROM consumer WHERE name = ?1"
                                                               : "INSERT OR REPLACE INTO consumer(name, seq) VALUES (?1, ?2)");
    if (!statement) return statement.error();
    auto done = consumer.forget ? statement->bind(consumer.name).run() : statement->bind(consumer.name, consumer.seq).run();
    if (!done) return done;
  }
  for (const auto& c : append.commands) {
    auto statement = store_.database().prepare(
        "INSERT OR REPLACE INTO command(id, device, name, args, state, by, created, deadline, result, error, key) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    if (!statement) return statement.error();
    auto done = statement
                    ->bind(c.id, c.device, c.name, c.args_json, to_string(c.state), c.by, to_nanoseconds(c.created),
                           to_nanoseconds(c.deadline), c.result_json, c.error, c.idempotency_key)
                    .run();
    if (!done) return done;
  }
  if (append.idempotency_key.empty()) return {};
  auto statement = store_.database().prepare("INSERT INTO push(key, last, accepted, received) VALUES (?, ?, ?, ?)");
  if (!statement) return statement.error();
  return statement
      ->bind(append.idempotency_key, committed.last, static_cast<std::uint64_t>(committed.accepted), to_nanoseconds(now_))
      .run();
}

}  // namespace weir::gateway
