#include "commands/commands.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/limits.h"
#include "base/log_line.h"

namespace weir::gateway {

namespace {

constexpr auto timeout_min = std::chrono::milliseconds(1000);
constexpr auto timeout_max = std::chrono::hours(24);
constexpr auto retry_interval = std::chrono::milliseconds(250);  // while the device can't be reached

const Error loop_full{ErrorCode::full, "too many commands at once; try again"};

std::string new_id() {
  std::array<unsigned char, 10> random{};
  // getrandom(2) does not fail for so few bytes once the kernel has its entropy, which it waits for.
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) std::abort();
  std::string id = "c-";
  for (const auto byte : random) {
    id += "0123456789abcdefghjkmnpqrstvwxyz"[byte & 31U];
    id += "0123456789abcdefghjkmnpqrstvwxyz"[(byte >> 3U) & 31U];
  }
  return id;
}

std::string key_of(const std::string& device, const std::string& idempotency_key) { return device + '\0' + idempotency_key; }

}  // namespace

Commands::Commands(Log& log, firmware::PollLoop& loop, const Clock& clock, Declarations configured)
    : log_(log), loop_(loop), clock_(clock), declarations_(std::make_shared<const Declarations>(std::move(configured))) {}

Commands::~Commands() = default;

void Commands::set_readers(std::vector<firmware::Reader*> readers) { readers_ = std::move(readers); }

void Commands::resume(const std::vector<CommandStatus>& earlier) {
  for (const auto& status : earlier) {
    if (!status.idempotency_key.empty()) keys_[key_of(status.device, status.idempotency_key)] = status.id;
    if (is_final(status.state)) {
      remember(status);
      continue;
    }
    auto& entry = open_[status.id];
    entry.status = status;
    if (status.state == CommandState::sent) {
      arm(entry, status.deadline - clock_.wall(), [this, id = status.id] { deadline_passed(id); });
    } else {
      finish(entry, CommandState::unknown, {}, "the gateway stopped before it was known whether this was sent", [](bool) {});
    }
  }
}

std::shared_ptr<const Declarations> Commands::declarations() const {
  std::lock_guard lock(declarations_mutex_);
  return declarations_;
}

void Commands::configure(Declarations configured) {
  std::lock_guard lock(declarations_mutex_);
  configured.by_node = declarations_->by_node;
  declarations_ = std::make_shared<const Declarations>(std::move(configured));
}

void Commands::submit(CommandRequest request, CommandDone done) {
  auto task = [this, request = std::move(request), done]() mutable { do_submit(std::move(request), std::move(done)); };
  if (!loop_.post(std::move(task))) done(loop_full);
}

void Commands::cancel(std::string id, CommandDone done) {
  if (!loop_.post([this, id = std::move(id), done] { do_cancel(id, done); })) done(loop_full);
}

void Commands::on_reply(CommandReply reply, std::function<void(bool)> committed) {
  auto task = [this, reply = std::move(reply), committed]() mutable { do_reply(std::move(reply), std::move(committed)); };
  if (!loop_.post(std::move(task))) committed(false);
}

void Commands::on_declared(std::string device, std::vector<DeclaredCommand> commands) {
  std::lock_guard lock(declarations_mutex_);
  auto next = std::make_shared<Declarations>(*declarations_);
  if (next->by_node.size() >= limits::devices_max && !next->by_node.contains(device)) return;
  next->by_node[std::move(device)] = std::move(commands);
  declarations_ = std::move(next);
}

void Commands::do_submit(CommandRequest request, CommandDone done) {
  if (const auto known = keys_.find(key_of(request.device, request.idempotency_key));
      !request.idempotency_key.empty() && known != keys_.end()) {
    const auto open = open_.find(known->second);
    const auto finished = finished_.find(known->second);
    if (open == open_.end() && finished == finished_.end()) return done(loop_full);
    const auto& status = open != open_.end() ? open->second.status : finished->second;
    if (status.name == request.name && status.args_json == request.args_json) return done(status);
    return done(Error{ErrorCode::conflict, "Idempotency-Key: was used for another command to " + request.device});
  }
  if (open_.size() >= limits::commands_open_max)
    return done(Error{ErrorCode::full, "too many open commands; wait until some have ended"});
  auto reader = route(request);
  if (!reader) return done(reader.error());
  if (auto allowed = check(request, **reader); !allowed) return done(allowed.error());

  CommandStatus status{
      .id = new_id(), .device = request.device, .name = request.name, .args_json = request.args_json, .by = request.by};
  status.created = clock_.wall();
  status.deadline = status.created + request.timeout;
  status.idempotency_key = request.idempotency_key;
  open_[status.id].status = status;
  if (!status.idempotency_key.empty()) keys_[key_of(status.device, status.idempotency_key)] = status.id;
  save(status, [this, done](const CommandStatus& saved, const Result<void>& outcome) {
    if (!outcome) {
      open_.erase(saved.id);
      keys_.erase(key_of(saved.device, saved.idempotency_key));
      return done(outcome.error());
    }
    done(saved);
    send(saved.id);
  });
}

Result<firmware::Reader*> Commands::route(const CommandRequest& request) const {
  for (auto* reader : readers_) {
    if (reader->reaches(request.device)) return reader;
  }
  return Error{ErrorCode::not_found,
               "device " + request.device + ": no reader reaches it, or its reader has no commands configured"};
}

Result<void> Commands::check(const CommandRequest& request, const firmware::Reader& reader) const {
  if (request.timeout < timeout_min || request.timeout > timeout_max) {
    return Error{ErrorCode::invalid, "timeout: must be from 1s to 24h"};
  }
  if (request.name.size() > limits::name_bytes_max)
    return Error{ErrorCode::invalid, "name: may have " + std::to_string(limits::name_bytes_max) + " bytes"};
  if (request.args_json.size() > limits::command_args_bytes_max)
    return Error{ErrorCode::invalid, "args: " + std::to_string(request.args_json.size()) + " bytes; at most " +
                                         std::to_string(limits::command_args_bytes_max)};
  const auto declarations = this->declarations();
  const auto declared = declarations->of(request.device);
  std::string known;
  for (const auto& command : declared) {
    if (command.name == request.name) return check_arguments(command, request.args_json);
    known += (known.empty() ? "" : ", ") + command.name;
  }
  const auto policy = declarations->by_reader.find(reader.status().name);
  if (policy != declarations->by_reader.end() && policy->second.undeclared) return {};
  return Error{ErrorCode::invalid, "name: " + request.device + " declares no command \"" + request.name + "\"; " +
                                       (known.empty() ? "it declares none" : "it declares " + known)};
}

void Commands::send(const std::string& id) {
  const auto found = open_.find(id);
  if (found == open_.end() || found->second.status.state != CommandState::queued || found->second.finishing) return;
  auto& entry = found->second;
  if (clock_.wall() >= entry.status.deadline) return deadline_passed(id);
  auto reader = route({.device = entry.status.device});
  if (!reader) return sent(id, Error{ErrorCode::unavailable, reader.error().message});
  entry.handed_over = true;
  const auto& status = entry.status;
  (*reader)->send(
      {.id = id, .device = status.device, .name = status.name, .args_json = status.args_json, .deadline = status.deadline},
      [this, id](const Result<void>& outcome) { sent(id, outcome); });
}

void Commands::sent(const std::string& id, const Result<void>& outcome) {
  const auto found = open_.find(id);
  if (found == open_.end() || found->second.finishing) return;  // the device's answer was faster
  auto& entry = found->second;
  entry.handed_over = false;
  if (!outcome) {
    if (clock_.wall() + retry_interval >= entry.status.deadline) {
      return arm(entry, entry.status.deadline - clock_.wall(), [this, id] { deadline_passed(id); });
    }
    return arm(entry, retry_interval, [this, id] { send(id); });
  }
  entry.status.state = CommandState::sent;
  save(entry.status, [](const CommandStatus& status, const Result<void>& saved) {
    if (!saved)
      log_line(Severity::warning, "commands", status.id + " was sent, which could not be recorded: " + saved.error().message);
  });
  arm(entry, entry.status.deadline - clock_.wall(), [this, id] { deadline_passed(id); });
}

void Commands::deadline_passed(const std::string& id) {
  const auto found = open_.find(id);
  if (found == open_.end() || found->second.finishing) return;
  const bool left = found->second.status.state == CommandState::sent || found->second.handed_over;
  finish(found->second, left ? CommandState::unknown : CommandState::expired, {},
         left ? "the device did not answer before the deadline" : "the device could not be reached before the deadline",
         [](bool) {});
}

void Commands::do_cancel(const std::string& id, const CommandDone& done) {
  const auto found = open_.find(id);
  if (found == open_.end() && finished_.contains(id)) {
    return done(Error{ErrorCode::conflict, id + ": has ended as " + std::string(to_string(finished_.at(id).state))});
  }
  if (found == open_.end()) return done(Error{ErrorCode::not_found, id + ": no such command"});
  const auto& entry = found->second;
  if (entry.status.state != CommandState::queued || entry.handed_over || entry.finishing) {
    return done(Error{ErrorCode::conflict, id + ": was sent, so it can no longer be cancelled"});
  }
  auto cancelled = found->second.status;
  cancelled.state = CommandState::cancelled;
  finish(found->second, CommandState::cancelled, {}, {}, [done, cancelled](bool committed) {
    done(committed ? Result<CommandStatus>(cancelled) : Result<CommandStatus>(loop_full));
  });
}

void Commands::do_reply(CommandReply reply, std::function<void(bool)> committed) {
  const auto found = open_.find(reply.id);
  if (found == open_.end() || (!reply.device.empty() && reply.device != found->second.status.device)) {
    ++stray_replies_;
    return committed(true);
  }
  if (found->second.finishing) return committed(false);  // an earlier answer is on its way into the log
  const auto state = reply.succeeded ? CommandState::succeeded : CommandState::failed;
  for (auto* text : {&reply.result_json, &reply.error}) {
    if (text->size() <= limits::command_result_bytes_max) continue;
    reply.error = "the device's answer has " + std::to_string(text->size()) + " bytes and was not kept; at most " +
                  std::to_string(limits::command_result_bytes_max);
    reply.result_json.clear();
  }
  finish(found->second, state, std::move(reply.result_json), std::move(reply.error), std::move(committed));
}

void Commands::finish(Entry& entry, CommandState state, std::string result_json, std::string error,
                      std::function<void(bool)> committed) {
  if (entry.timer != 0) loop_.cancel(std::exchange(entry.timer, 0));
  entry.finishing = true;
  auto status = entry.status;
  status.state = state;
  status.result_json = std::move(result_json);
  status.error = std::move(error);
  save(status, [this, committed = std::move(committed)](const CommandStatus& ended, const Result<void>& saved) {
    finished(ended, saved);
    committed(saved.ok());
  });
}

void Commands::finished(const CommandStatus& ended, const Result<void>& saved) {
  if (saved) {
    open_.erase(ended.id);
    return remember(ended);
  }
  // The end could not be recorded, so it has not come: the device answers again, or the deadline comes up again.
  log_line(Severity::error, "commands", ended.id + " ended, which could not be recorded: " + saved.error().message);
  auto& entry = open_[ended.id];
  entry.finishing = false;
  arm(entry, std::max<std::chrono::nanoseconds>(ended.deadline - clock_.wall(), retry_interval),
      [this, id = ended.id] { deadline_passed(id); });
}

void Commands::remember(const CommandStatus& status) {
  finished_[status.id] = status;
  finished_order_.push_back(status.id);
  while (finished_order_.size() > limits::commands_finished_max) {
    const auto oldest = finished_.find(finished_order_.front());
    keys_.erase(key_of(oldest->second.device, oldest->second.idempotency_key));
    finished_.erase(oldest);
    finished_order_.pop_front();
  }
}

void Commands::save(const CommandStatus& status, Saved saved) {
  Append append;
  append.commands.push_back(status);
  const auto queued = log_.append(std::move(append), [this, status, saved](const Result<Committed>& committed) {
    const auto outcome = committed ? Result<void>() : Result<void>(committed.error());
    if (!loop_.post([=] { saved(status, outcome); }))
      log_line(Severity::error, "commands", status.id + ": the readers' loop is full");
  });
  if (!queued) saved(status, queued);
}

void Commands::arm(Entry& entry, std::chrono::nanoseconds delay, std::function<void()> task) {
  if (entry.timer != 0) loop_.cancel(entry.timer);
  entry.timer = loop_.after(std::max(delay, std::chrono::nanoseconds(0)), std::move(task));
}

}  // namespace weir::gateway
