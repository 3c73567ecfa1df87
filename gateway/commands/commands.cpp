#include "commands/commands.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.h"
#include "base/log_line.h"

namespace weir::gateway {

namespace {

constexpr auto timeout_min = std::chrono::milliseconds(1000);
constexpr auto timeout_max = std::chrono::hours(24);
constexpr auto reply_grace = std::chrono::seconds(5);  // after a start: for what the broker or the node kept for us
constexpr std::size_t stamp_characters = 9, random_characters = 11;
constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";  // in the order of their bytes

const Error loop_full{ErrorCode::full, "too many commands at once; try again"};

std::string key_of(const std::string& device, const std::string& idempotency_key) { return device + '\0' + idempotency_key; }

/// 0 for an id that has none.
std::uint64_t stamp_of(const std::string& id) {
  if (id.size() != 2 + stamp_characters + random_characters) return 0;
  std::uint64_t stamp = 0;
  for (const char digit : id.substr(2, stamp_characters)) {
    const auto value = digits.find(digit);
    if (value == digits.npos) return 0;
    stamp = stamp * digits.size() + value;
  }
  return stamp;
}

/// What sending and ending it depend on.
void know(auto& entry, const DeclaredCommand& declared) {
  entry.dangerous = declared.dangerous;
  entry.interlock = declared.interlock;
  entry.state = {entry.status.device, declared.state_metric};
  entry.wanted = wanted_state(declared, entry.status.args_json);
}

}  // namespace

Commands::Commands(Log& log, firmware::PollLoop& loop, const Clock& clock, Declarations configured)
    : log_(log), loop_(loop), clock_(clock), states_(log, clock) {
  configure(std::move(configured));
}

Commands::~Commands() = default;

void Commands::set_readers(std::vector<firmware::Reader*> readers) { readers_ = std::move(readers); }

/// Milliseconds since 1970, or one more than the newest where the clock was set back; and what nobody can guess.
std::string Commands::new_id() {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.wall().time_since_epoch()).count();
  stamp_ = std::max(stamp_ + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(now, 0)));
  std::array<unsigned char, random_characters> random{};
  // getrandom(2) does not fail for so few bytes once the kernel has its entropy, which it waits for.
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) std::abort();
  std::string stamp(stamp_characters, '0');
  auto rest = stamp_;
  for (auto digit = stamp.rbegin(); digit != stamp.rend(); ++digit, rest /= digits.size()) *digit = digits[rest % digits.size()];
  for (const auto byte : random) stamp += digits[byte % digits.size()];
  return "c-" + stamp;
}

void Commands::resume(std::vector<CommandStatus> earlier) {
  // Not by their times: the clock may have been set between two of them.
  std::stable_sort(earlier.begin(), earlier.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (const auto& status : earlier) {
    stamp_ = std::max(stamp_, stamp_of(status.id));
    if (!status.idempotency_key.empty()) keys_[key_of(status.device, status.idempotency_key)] = status.id;
    is_final(status.state) ? remember(status) : resume(status);
  }
  std::vector<std::string> devices;
  for (const auto& [device, line] : lines_) devices.push_back(device);
  for (const auto& device : devices) advance(device);
}

/// The wall clock may have been set meanwhile: never longer than was asked for.
void Commands::resume(const CommandStatus& status) {
  auto& entry = open_[status.id];
  entry.status = status;
  for (const auto& declared : declarations()->of(status.device)) {
    if (declared.name == status.name) know(entry, declared);
  }
  const bool was_sent = status.state == CommandState::sent;
  entry.phase = was_sent ? Phase::out : Phase::waiting;
  const std::chrono::nanoseconds none{0};
  auto left = std::clamp(status.deadline - clock_.wall(), none, std::max(none, status.deadline - status.created));
  if (was_sent) left = std::max<std::chrono::nanoseconds>(left, reply_grace);
  entry.expires = clock_.monotonic() + left;
  arm(entry, left);
  if (!was_sent) return lines_[status.device].ids.push_back(status.id);
  entry.wanted.clear();  // what it showed meanwhile is not known
  if (status.result_json.empty()) return;
  entry.answered = true;
  conclude(entry, [](bool) {});
}

std::shared_ptr<const Declarations> Commands::declarations() const {
  std::lock_guard lock(declarations_mutex_);
  return declarations_;
}

void Commands::configure(Declarations configured) {
  for (const auto& [reader, policy] : configured.by_reader) states_.follow_interlocks(policy.declared);
  std::lock_guard lock(declarations_mutex_);
  if (declarations_) configured.by_node = declarations_->by_node;
  declarations_ = std::make_shared<const Declarations>(std::move(configured));
}

void Commands::submit(CommandRequest request, CommandDone done) {
  auto task = [this, request = std::move(request), done]() mutable { do_submit(std::move(request), std::move(done)); };
  if (!loop_.post(std::move(task))) done(loop_full);
}

void Commands::cancel(std::string id, CommandDone done) {
  if (!loop_.post([this, id = std::move(id), done] { do_cancel(id, done); })) done(loop_full);
}

void Commands::wake() {
  if (!states_.watching() || wake_posted_.exchange(true)) return;
  const auto task = [this] {
    wake_posted_ = false;
    read_back();
  };
  if (!loop_.post(task)) wake_posted_ = false;
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

// -- A request becomes a queued command.

void Commands::do_submit(CommandRequest request, CommandDone done) {
  if (auto answer = repeated(request)) return done(*std::move(answer));
  if (auto fits = room(request.device); !fits) return done(fits.error());
  const auto declared = check(request);
  if (!declared) return done(declared.error());
  Entry entry;
  entry.from = request.from;
  if (*declared) {
    if (auto safe = check_danger(request, **declared); !safe) return done(safe.error());
  }
  auto& status = entry.status;
  status = {.id = new_id(), .device = request.device, .name = request.name, .args_json = request.args_json, .by = request.by};
  status.created = clock_.wall();
  status.deadline = status.created + request.timeout;
  status.idempotency_key = request.idempotency_key;
  if (*declared) know(entry, **declared);
  entry.expires = clock_.monotonic() + request.timeout;
  accept(std::move(entry), std::move(done));
}

/// From here on its place in the line is taken.
void Commands::accept(Entry entry, CommandDone done) {
  const auto status = entry.status;
  if (entry.dangerous) {
    std::erase_if(dangerous_, [&](const auto& one) { return clock_.monotonic() - one.second >= dangerous_pause; });
    dangerous_[status.device] = clock_.monotonic();
  }
  if (!status.idempotency_key.empty()) keys_[key_of(status.device, status.idempotency_key)] = status.id;
  lines_[status.device].ids.push_back(status.id);
  const auto from = entry.from;
  open_[status.id] = std::move(entry);
  if (!audit_) return queue(status.id, done);
  audit_(status, from, [this, status, done](const Result<void>& audited) {
    const auto task = [this, status, done, audited] {
      if (audited) return queue(status.id, done);
      forget(status);
      done(Error{ErrorCode::unavailable, "the command can't be audited, so it is not sent: " + audited.error().message});
    };
    if (!loop_.post(task)) log_line(Severity::error, "commands", status.id + ": the readers' loop is full");
  });
}

/// The log remembers more keys than we do: one of them is refused rather than executed again.
void Commands::queue(const std::string& id, const CommandDone& done) {
  const auto& status = open_.at(id).status;
  const auto& key = status.idempotency_key;
  save(
      status, [this, done](const CommandStatus& saved, const Result<Committed>& outcome) { queued(saved, outcome, done); },
      key.empty() ? std::string() : "command" + std::string(1, '\0') + key_of(status.device, key));
}

void Commands::queued(const CommandStatus& status, const Result<Committed>& saved, const CommandDone& done) {
  if (!saved || saved->repeated) {
    forget(status);
    if (!saved) return done(saved.error());
    return done(Error{ErrorCode::conflict, "Idempotency-Key: was used for a command that ended long ago; it is record " +
                                               std::to_string(saved->last) + " of the stream"});
  }
  done(status);
  auto& entry = open_.at(status.id);
  entry.phase = Phase::waiting;
  arm(entry, entry.expires - clock_.monotonic());
  advance(status.device);
}

void Commands::forget(const CommandStatus& refused) {
  leave_line(open_.at(refused.id));
  open_.erase(refused.id);
  if (!refused.idempotency_key.empty()) keys_.erase(key_of(refused.device, refused.idempotency_key));
  advance(refused.device);
}

/// The answer to a key that was used before.
std::optional<Result<CommandStatus>> Commands::repeated(const CommandRequest& request) const {
  if (request.idempotency_key.empty()) return std::nullopt;
  const auto known = keys_.find(key_of(request.device, request.idempotency_key));
  if (known == keys_.end()) return std::nullopt;
  const auto open = open_.find(known->second);
  if (open != open_.end() && open->second.phase == Phase::accepted)
    return Error{ErrorCode::full, "Idempotency-Key: the same command is just being accepted; ask again"};
  const auto& status = open != open_.end() ? open->second.status : finished_.at(known->second);  // a key goes with its command
  if (status.name == request.name && status.args_json == request.args_json) return status;
  return Error{ErrorCode::conflict, "Idempotency-Key: was used for another command to " + request.device};
}

Result<void> Commands::room(const std::string& device) const {
  if (open_.size() >= limits::commands_open_max)
    return Error{ErrorCode::full, "too many open commands; wait until some have ended"};
  const auto line = lines_.find(device);
  if (line != lines_.end() && line->second.ids.size() >= device_open_max)
    return Error{ErrorCode::full, std::to_string(device_open_max) + " commands wait for " + device + "; cancel some, or wait"};
  return {};
}

Result<firmware::Reader*> Commands::route(const std::string& device) const {
  for (auto* reader : readers_) {
    if (reader->reaches(device)) return reader;
  }
  return Error{ErrorCode::not_found, "device " + device + ": no reader reaches it, or its reader has no commands configured"};
}

/// Its declaration; none where the configuration lets undeclared ones through.
Result<std::optional<DeclaredCommand>> Commands::check(const CommandRequest& request) const {
  const auto reader = route(request.device);
  if (!reader) return reader.error();
  if (request.timeout < timeout_min || request.timeout > timeout_max)
    return Error{ErrorCode::invalid, "timeout: must be from 1s to 24h"};
  if (request.name.size() > limits::name_bytes_max)
    return Error{ErrorCode::invalid, "name: may have " + std::to_string(limits::name_bytes_max) + " bytes"};
  if (request.args_json.size() > limits::command_args_bytes_max)
    return Error{ErrorCode::invalid, "args: " + std::to_string(request.args_json.size()) + " bytes; at most " +
                                         std::to_string(limits::command_args_bytes_max)};
  const auto declarations = this->declarations();
  std::string known;
  for (const auto& command : declarations->of(request.device)) {
    if (command.name == request.name) {
      if (auto fit = check_arguments(command, request.args_json); !fit) return fit.error();
      return std::optional(command);
    }
    known += (known.empty() ? "" : ", ") + command.name;
  }
  const auto policy = declarations->by_reader.find((*reader)->status().name);
  if (policy != declarations->by_reader.end() && policy->second.undeclared) return std::optional<DeclaredCommand>();
  return Error{ErrorCode::invalid, "name: " + request.device + " declares no command \"" + request.name + "\"; " +
                                       (known.empty() ? "it declares none" : "it declares " + known)};
}

Result<void> Commands::check_danger(const CommandRequest& request, const DeclaredCommand& declared) const {
  if (!request.confirm.empty() || declared.dangerous) {
    if (request.confirm != request.name)
      return Error{ErrorCode::invalid, "confirm: " + request.name + " of " + request.device +
                                           " is dangerous; send \"confirm\":\"" + request.name +
                                           "\", typed by whoever asks for it"};
  }
  if (auto fits = states_.holds(declared.interlock, request.device); !fits) return fits;
  if (!declared.dangerous) return {};
  for (const auto& [id, entry] : open_) {
    if (entry.dangerous && entry.status.device == request.device)
      return Error{ErrorCode::conflict, "interlock: " + entry.status.name + " (" + id + ") of " + request.device +
                                            " has not ended; one dangerous command at a time"};
  }
  const auto newest = dangerous_.find(request.device);
  if (newest != dangerous_.end() && clock_.monotonic() - newest->second < dangerous_pause)
    return Error{ErrorCode::full, "a dangerous command to " + request.device + " was accepted less than " +
                                      format_duration(dangerous_pause) + " ago; look at what it did, then ask again"};
  return {};
}

void Commands::do_cancel(const std::string& id, const CommandDone& done) {
  auto* entry = open(id);
  if (entry == nullptr && finished_.contains(id))
    return done(Error{ErrorCode::conflict, id + ": has ended as " + std::string(to_string(finished_.at(id).state))});
  if (entry == nullptr) return done(Error{ErrorCode::not_found, id + ": no such command"});
  if (entry->status.state != CommandState::queued || entry->phase != Phase::waiting)
    return done(Error{ErrorCode::conflict, id + ": was sent, so it can no longer be cancelled"});
  auto cancelled = entry->status;
  cancelled.state = CommandState::cancelled;
  finish(*entry, CommandState::cancelled, {}, {}, [done, cancelled](bool committed) {
    done(committed ? Result<CommandStatus>(cancelled) : Result<CommandStatus>(loop_full));
  });
}

Commands::Entry* Commands::open(const std::string& id) {
  const auto found = open_.find(id);
  return found == open_.end() ? nullptr : &found->second;
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

}  // namespace weir::gateway
