// Commands: authorised requests become states in the log, one message to one device, and a result. docs/commands.md.
//
// Purpose    validate, audit, commit `queued`; in the order of acceptance commit `sent` and only then hand over, once; wait for
//            the reply, the read-back or the deadline. CONTRACT 4.3, 5.
// Thread     submit(), cancel(), declarations() and wake() from any thread; all else on the readers' poll loop.
// Ownership  keeps references to the log, the loop and the readers, which outlive it.
// Limits     limits::commands_open_max open commands, device_open_max for a device; limits::commands_finished_max remembered;
//            timeout 1 s to 24 h by the monotonic clock; a dangerous command each dangerous_pause for a device.
// Errors     not_found (no reader reaches the device), invalid (undeclared, unconfirmed, or an argument: named), conflict (the
//            idempotency key was used for another command; an interlock; cancelling what was sent), full, unavailable (it can't
//            be audited).
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "commands/states.h"
#include "log/log.h"
#include "readers/poll_loop.h"
#include "readers/reader.h"

namespace weir::gateway {

struct CommandRequest {
  std::string device;
  std::string name;
  std::string args_json = "{}";
  std::chrono::milliseconds timeout{10'000};
  std::string by;
  std::string from;             // the client's address, for the audit
  std::string confirm;          // a dangerous command's name, typed by a person
  std::string idempotency_key;  // empty: none; remembered per device
};

using CommandDone = std::function<void(Result<CommandStatus>)>;

/// Keeps that a command was accepted (`queued`) or has ended; `done` from any thread, once that is on the disk.
using CommandAudit = std::function<void(const CommandStatus&, const std::string& from, std::function<void(Result<void>)> done)>;

/// What may be asked of a device: the configuration's globs and the nodes' own declarations. Immutable.
struct Declarations {
  struct Policy {
    std::vector<DeclaredCommand> declared;  // device is a glob
    bool undeclared = false;
  };
  std::map<std::string, Policy, std::less<>> by_reader;
  std::map<std::string, std::vector<DeclaredCommand>, std::less<>> by_node;

  std::vector<DeclaredCommand> of(std::string_view device) const;
};

class Commands final : public firmware::CommandListener {
 public:
  static constexpr std::size_t device_open_max = 64;
  static constexpr std::chrono::seconds dangerous_pause{5};

  Commands(Log& log, firmware::PollLoop& loop, const Clock& clock, Declarations configured);
  ~Commands() override;

  /// Before the loop runs.
  void set_audit(CommandAudit audit) { audit_ = std::move(audit); }
  /// On the loop, or before it runs.
  void set_readers(std::vector<firmware::Reader*> readers);
  /// At the start, on the loop or before it runs: the commands that were there when the gateway stopped. One that was sent waits
  /// for its reply and is not sent again; one that was queued never left and still may.
  void resume(std::vector<CommandStatus> earlier);

  /// Those that ended before the start without their row in the audit. On the loop.
  void audit_ends(const std::vector<CommandStatus>& ended);

  /// `done` is called once, on the log's thread or the loop, after `queued` is committed or refused.
  void submit(CommandRequest request, CommandDone done);
  void cancel(std::string id, CommandDone done);
  std::shared_ptr<const Declarations> declarations() const;
  /// The configuration's part anew; what nodes declared stays. On the loop, or before it runs.
  void configure(Declarations configured);
  /// After each commit of the log.
  void wake();

  void on_reply(CommandReply reply, std::function<void(bool committed)> committed) override;
  void on_declared(std::string device, std::vector<DeclaredCommand> commands) override;

  std::uint64_t stray_replies() const { return stray_replies_.load(); }  // to unknown or finished commands, since start

 private:
  /// Accepted: its `queued` is on its way into the log. Waiting: for its turn and its device. Leaving: its `sent` is on its way
  /// into the log. Handed: to a reader that has not said whether it left. Out: it left. Finishing: its end is on its way.
  enum class Phase { accepted, waiting, leaving, handed, out, finishing };
  struct Entry {
    CommandStatus status;
    std::string from;
    Phase phase = Phase::accepted;
    bool dangerous = false;
    Interlock interlock;
    Monotonic expires;
    firmware::PollLoop::TimerId timer = 0;

    States::Key state;   // the metric that shows its effect, with its device
    std::string wanted;  // what it has to show, as JSON; empty: nothing is read back
    bool watched = false;
    std::uint64_t sent_at = 0;  // the number of its `sent` in the log: what was read before proves nothing
    Monotonic handed_at{};
    std::optional<SeenState> seen;  // the newest since then
    bool shown = false;             // and it is what was wanted
    bool answered = false;          // the device said that it succeeded
  };
  /// The commands to one device that have not left yet, in the order of acceptance.
  struct Line {
    std::deque<std::string> ids;
    firmware::PollLoop::TimerId retry = 0;
  };
  using Saved = std::function<void(const CommandStatus&, const Result<Committed>&)>;

  // commands.cpp
  void do_submit(CommandRequest request, CommandDone done);
  void accept(Entry entry, CommandDone done);
  void queue(const std::string& id, const CommandDone& done);
  void queued(const CommandStatus& status, const Result<Committed>& saved, const CommandDone& done);
  void forget(const CommandStatus& refused);
  void do_cancel(const std::string& id, const CommandDone& done);
  std::optional<Result<CommandStatus>> repeated(const CommandRequest& request) const;
  Result<firmware::Reader*> route(const std::string& device) const;
  Result<void> room(const std::string& device) const;
  Result<std::optional<DeclaredCommand>> check(const CommandRequest& request) const;
  Result<void> check_danger(const CommandRequest& request, const DeclaredCommand& declared) const;
  std::string new_id();
  void resume(const CommandStatus& status);

  // sending.cpp
  void advance(const std::string& device);
  Command message(const Entry& entry) const;
  void leave(Entry& entry);
  void hand_over(const std::string& id);
  void sent(const std::string& id, const Result<void>& outcome);
  void try_later(const std::string& device);
  void left(const std::string& id);
  void leave_line(const Entry& entry);
  void deadline_passed(const std::string& id);
  void do_reply(CommandReply reply, std::function<void(bool)> committed);
  void answered(Entry& entry, CommandReply reply, std::function<void(bool)> committed);
  void read_back();
  void conclude(Entry& entry, std::function<void(bool)> committed);
  void finish(Entry& entry, CommandState state, std::string result_json, std::string error, std::function<void(bool)> committed);
  void finished(const CommandStatus& ended, Phase before, const Result<void>& saved);
  void audit_end(const CommandStatus& ended, const std::string& from);
  void save(const CommandStatus& status, Saved saved, std::string key = {});
  void arm(Entry& entry, std::chrono::nanoseconds delay);
  void remember(const CommandStatus& status);
  Entry* open(const std::string& id);

  Log& log_;
  firmware::PollLoop& loop_;
  const Clock& clock_;
  CommandAudit audit_;
  std::vector<firmware::Reader*> readers_;
  States states_;
  std::map<std::string, Entry> open_;              // by id
  std::map<std::string, Line> lines_;              // by device
  std::map<std::string, CommandStatus> finished_;  // the newest, for idempotency keys and cancelling
  std::deque<std::string> finished_order_;
  std::map<std::string, std::string> keys_;     // device and idempotency key -> id
  std::map<std::string, Monotonic> dangerous_;  // device -> when its newest dangerous command was accepted
  std::uint64_t stamp_ = 0;                     // of the newest id: ids rise in the order of acceptance
  std::atomic<bool> wake_posted_ = false;
  std::atomic<std::uint64_t> stray_replies_ = 0;

  mutable std::mutex declarations_mutex_;  // protects the pointer; what it points to is immutable
  std::shared_ptr<const Declarations> declarations_;
};

/// Pure: the arguments against the declaration. The error names the argument.
Result<void> check_arguments(const DeclaredCommand& declared, std::string_view args_json);

}  // namespace weir::gateway
