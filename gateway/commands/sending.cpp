// A queued command's way to its device and to its end.
#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/log_line.h"
#include "commands/commands.h"

namespace weir::gateway {
namespace {

constexpr auto retry_interval = std::chrono::milliseconds(250);  // while the device can't be reached
constexpr auto read_back_max = std::chrono::seconds(2);          // of what a device has said that it did
constexpr auto deadline_tolerance = std::chrono::seconds(1);
constexpr auto clock_tolerance = std::chrono::seconds(2);  // between a device's clock and ours

}  // namespace

/// The first in the line goes on, if it can.
void Commands::advance(const std::string& device) {
  const auto line = lines_.find(device);
  if (line == lines_.end()) return;
  if (line->second.retry != 0) loop_.cancel(std::exchange(line->second.retry, 0));
  if (line->second.ids.empty()) return void(lines_.erase(line));
  auto& entry = open_.at(line->second.ids.front());
  if (entry.phase != Phase::waiting) return;
  if (clock_.monotonic() >= entry.expires) return deadline_passed(entry.status.id);
  const auto reader = route(device);
  if (!reader) return try_later(device);
  if (auto ready = (*reader)->ready(message(entry)); !ready) {
    if (ready.error().code != ErrorCode::invalid) return try_later(device);
    return finish(entry, CommandState::failed, {}, "was not sent: " + ready.error().message, [](bool) {});
  }
  if (auto safe = states_.holds(entry.interlock, device); !safe)
    return finish(entry, CommandState::failed, {}, "was not sent: " + safe.error().message, [](bool) {});
  leave(entry);
}

void Commands::try_later(const std::string& device) {
  lines_.at(device).retry = loop_.after(retry_interval, [this, device] {
    if (const auto line = lines_.find(device); line != lines_.end()) line->second.retry = 0;
    advance(device);
  });
}

/// The device is told the deadline by our clock as it is now: it may have been set since.
Command Commands::message(const Entry& entry) const {
  const auto& status = entry.status;
  const auto now = clock_.wall() + (entry.expires - clock_.monotonic());
  const bool as_recorded = std::chrono::abs(now - status.deadline) < deadline_tolerance;
  return {.id = status.id,
          .device = status.device,
          .name = status.name,
          .args_json = status.args_json,
          .deadline = as_recorded ? status.deadline : now};
}

/// First the log, then the device: what a crash finds as `queued` never left.
void Commands::leave(Entry& entry) {
  entry.phase = Phase::leaving;
  if (entry.status.state == CommandState::sent) return hand_over(entry.status.id);
  entry.status.state = CommandState::sent;
  save(entry.status, [this](const CommandStatus& status, const Result<Committed>& saved) {
    auto& ready = open_.at(status.id);
    if (saved) {
      ready.sent_at = saved->last;
      return hand_over(status.id);
    }
    ready.status.state = CommandState::queued;
    ready.phase = Phase::waiting;
    try_later(status.device);
  });
}

void Commands::hand_over(const std::string& id) {
  auto& entry = open_.at(id);
  if (clock_.monotonic() >= entry.expires) {
    entry.phase = Phase::waiting;
    return deadline_passed(id);
  }
  entry.phase = Phase::handed;
  entry.handed_at = clock_.monotonic();
  if (!entry.wanted.empty() && !entry.watched) {
    states_.watch(entry.state);
    entry.watched = true;
  }
  const auto reader = route(entry.status.device);
  if (!reader) return sent(id, Error{ErrorCode::unavailable, reader.error().message});
  (*reader)->send(message(entry), [this, id](const Result<void>& outcome) { sent(id, outcome); });
}

void Commands::sent(const std::string& id, const Result<void>& outcome) {
  auto* entry = open(id);
  if (entry == nullptr || entry->phase != Phase::handed) return;  // the device's answer was faster
  if (outcome) return left(id);
  entry->phase = Phase::waiting;
  if (outcome.error().code != ErrorCode::invalid) return try_later(entry->status.device);
  finish(*entry, CommandState::failed, {}, "was not sent: " + outcome.error().message, [](bool) {});
}

void Commands::left(const std::string& id) {
  auto& entry = open_.at(id);
  entry.phase = Phase::out;
  leave_line(entry);
  const auto device = entry.status.device;
  if (entry.shown) conclude(entry, [](bool) {});
  advance(device);
}

void Commands::leave_line(const Entry& entry) {
  const auto line = lines_.find(entry.status.device);
  if (line != lines_.end()) std::erase(line->second.ids, entry.status.id);
}

void Commands::deadline_passed(const std::string& id) {
  auto* entry = open(id);
  if (entry == nullptr) return;
  entry->timer = 0;
  switch (entry->phase) {
    case Phase::accepted:
    case Phase::leaving:
    case Phase::finishing: return;  // what is on its way into the log comes back and looks at the time
    case Phase::waiting:
      return finish(*entry, CommandState::expired, {}, "the device could not be reached before the deadline", [](bool) {});
    case Phase::handed:
    case Phase::out: break;
  }
  if (entry->answered || entry->shown) return conclude(*entry, [](bool) {});
  finish(*entry, CommandState::unknown, {}, "the device did not answer before the deadline", [](bool) {});
}

// -- What the device says, and what it shows.

void Commands::do_reply(CommandReply reply, std::function<void(bool)> committed) {
  auto* entry = open(reply.id);
  const bool expected = entry != nullptr && (reply.device.empty() || reply.device == entry->status.device) &&
                        (entry->phase == Phase::handed || entry->phase == Phase::out || entry->phase == Phase::finishing);
  if (!expected || entry->answered) {
    stray_replies_ += expected ? 0 : 1;
    return committed(true);
  }
  if (entry->phase == Phase::finishing) return committed(false);  // an earlier answer is on its way into the log
  answered(*entry, std::move(reply), std::move(committed));
}

void Commands::answered(Entry& entry, CommandReply reply, std::function<void(bool)> committed) {
  for (auto* text : {&reply.result_json, &reply.error}) {
    if (text->size() <= limits::command_result_bytes_max) continue;
    reply.error = "the device's answer has " + std::to_string(text->size()) + " bytes and was not kept; at most " +
                  std::to_string(limits::command_result_bytes_max);
    reply.result_json.clear();
  }
  const auto state = reply.succeeded ? CommandState::succeeded : CommandState::failed;
  if (!reply.succeeded || entry.wanted.empty())
    return finish(entry, state, std::move(reply.result_json), std::move(reply.error), std::move(committed));
  entry.answered = true;
  entry.status.result_json = std::move(reply.result_json);
  entry.status.error = std::move(reply.error);
  if (entry.shown) return conclude(entry, std::move(committed));
  // What it said is kept, so that it need not say it again; what it does is still to be seen.
  auto status = entry.status;
  status.result_json = with_verdict(status.result_json, entry.state.second, std::nullopt, std::nullopt);
  arm(entry, std::min<std::chrono::nanoseconds>(read_back_max, entry.expires - clock_.monotonic()));
  save(status, [this, committed](const CommandStatus& saved, const Result<Committed>& outcome) {
    if (auto* open = this->open(saved.id); open != nullptr && !outcome) {
      open->answered = false;
      arm(*open, open->expires - clock_.monotonic());
    }
    committed(outcome.ok());
  });
  if (entry.phase == Phase::handed) left(status.id);
}

void Commands::read_back() {
  std::vector<std::string> shown;
  states_.follow([&](const States::Key& key, std::uint64_t seq, const SeenState& seen) {
    for (auto& [id, entry] : open_) {
      const bool due = entry.phase == Phase::handed || entry.phase == Phase::out;
      if (entry.wanted.empty() || entry.state != key || !due || seq <= entry.sent_at || entry.shown) continue;
      // What was measured before it was sent, and kept by the device since, proves nothing.
      if (seen.time < clock_.wall() - (clock_.monotonic() - entry.handed_at) - clock_tolerance) continue;
      entry.seen = seen;
      entry.shown = shows(seen.value, entry.wanted);
      if (entry.shown) shown.push_back(id);
    }
  });
  for (const auto& id : shown) {
    auto* entry = open(id);
    if (entry == nullptr || entry->phase != Phase::out) continue;
    const auto reader = route(entry->status.device);
    if (entry->answered || (reader && !(*reader)->answers())) conclude(*entry, [](bool) {});
  }
}

/// The device said that it succeeded, or its state shows it.
void Commands::conclude(Entry& entry, std::function<void(bool)> committed) {
  auto result = with_verdict(entry.status.result_json, entry.state.second, entry.shown, entry.seen);
  finish(entry, CommandState::succeeded, std::move(result), entry.status.error, std::move(committed));
}

// -- The end.

void Commands::finish(Entry& entry, CommandState state, std::string result_json, std::string error,
                      std::function<void(bool)> committed) {
  if (entry.timer != 0) loop_.cancel(std::exchange(entry.timer, 0));
  const auto before = std::exchange(entry.phase, Phase::finishing);
  auto status = entry.status;
  status.state = state;
  status.result_json = std::move(result_json);
  status.error = std::move(error);
  save(status, [this, before, committed = std::move(committed)](const CommandStatus& ended, const Result<Committed>& saved) {
    finished(ended, before, saved ? Result<void>() : Result<void>(saved.error()));
    committed(saved.ok());
  });
}

void Commands::finished(const CommandStatus& ended, Phase before, const Result<void>& saved) {
  auto& entry = open_.at(ended.id);
  if (!saved) {
    // The end could not be recorded, so it has not come: the device answers again, or the deadline comes up again.
    log_line(Severity::error, "commands", ended.id + " ended, which could not be recorded: " + saved.error().message);
    entry.phase = before;
    arm(entry, std::max<std::chrono::nanoseconds>(entry.expires - clock_.monotonic(), retry_interval));
    return advance(ended.device);
  }
  if (entry.watched) states_.unwatch(entry.state);
  leave_line(entry);
  const auto from = entry.from;
  open_.erase(ended.id);
  remember(ended);
  advance(ended.device);
  audit_end(ended, from);
}

void Commands::audit_ends(const std::vector<CommandStatus>& ended) {
  for (const auto& command : ended) audit_end(command, {});
}

/// An end has happened, so it is owed; new commands are refused as long as the audit takes nothing.
void Commands::audit_end(const CommandStatus& ended, const std::string& from) {
  if (!audit_) return;
  audit_(ended, from, [this, ended, from](const Result<void>& audited) {
    if (audited) return;
    const auto again = [this, ended, from] { loop_.after(retry_interval, [this, ended, from] { audit_end(ended, from); }); };
    if (!loop_.post(again))
      log_line(Severity::error, "commands", ended.id + " ended, and was not audited: " + audited.error().message);
  });
}

void Commands::save(const CommandStatus& status, Saved saved, std::string key) {
  Append append;
  append.commands.push_back(status);
  append.idempotency_key = std::move(key);
  const auto taken = log_.append(std::move(append), [this, status, saved](const Result<Committed>& committed) {
    if (!loop_.post([=] { saved(status, committed); }))
      log_line(Severity::error, "commands", status.id + ": the readers' loop is full");
  });
  if (taken) return;
  // Not at once: who asked may still be at work on the entry.
  if (!loop_.post([=] { saved(status, Result<Committed>(taken.error())); }))
    log_line(Severity::error, "commands", status.id + ": the readers' loop is full");
}

void Commands::arm(Entry& entry, std::chrono::nanoseconds delay) {
  if (entry.timer != 0) loop_.cancel(entry.timer);
  entry.timer = loop_.after(std::max(delay, std::chrono::nanoseconds(0)), [this, id = entry.status.id] { deadline_passed(id); });
}

}  // namespace weir::gateway
