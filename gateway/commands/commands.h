// Commands: authorised requests become states in the log, one message to one device, and a result.
//
// Purpose    validate, commit `queued`, send once, commit `sent`, wait for the reply or the deadline. CONTRACT 4.3, 5.
// Thread     submit(), cancel() and declarations() from any thread; all else on the readers' poll loop.
// Ownership  keeps references to the log, the loop and the readers, which outlive it.
// Limits     limits::commands_open_max open commands; limits::commands_finished_max remembered; timeout 1 s to 24 h.
// Errors     not_found (no reader reaches the device), invalid (undeclared, or an argument: named), conflict (the
//            idempotency key was used for another command; cancelling what was sent), full.
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
  std::string idempotency_key;  // empty: none; remembered per device
};

using CommandDone = std::function<void(Result<CommandStatus>)>;

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
  Commands(Log& log, firmware::PollLoop& loop, const Clock& clock, Declarations configured);
  ~Commands() override;

  /// On the loop, or before it runs.
  void set_readers(std::vector<firmware::Reader*> readers);
  /// At the start, on the loop or before it runs: the commands that were there when the gateway stopped. One that was sent still
  /// waits for its reply; one that was queued becomes `unknown`: it may have left just before the end, and nothing is
  /// executed twice.
  void resume(const std::vector<CommandStatus>& earlier);

  /// `done` is called once, on the log's thread or the loop, after `queued` is committed or refused.
  void submit(CommandRequest request, CommandDone done);
  void cancel(std::string id, CommandDone done);
  std::shared_ptr<const Declarations> declarations() const;
  /// The configuration's part anew; what nodes declared stays.
  void configure(Declarations configured);

  void on_reply(CommandReply reply, std::function<void(bool committed)> committed) override;
  void on_declared(std::string device, std::vector<DeclaredCommand> commands) override;

  std::uint64_t stray_replies() const { return stray_replies_.load(); }  // to unknown or finished commands, since start

 private:
  struct Entry {
    CommandStatus status;
    bool handed_over = false;  // given to a reader that has not yet said whether it was sent
    bool finishing = false;    // its final state is on its way into the log
    firmware::PollLoop::TimerId timer = 0;
  };
  using Saved = std::function<void(const CommandStatus&, Result<void>)>;

  // On the loop.
  void do_submit(CommandRequest request, CommandDone done);
  void do_cancel(const std::string& id, const CommandDone& done);
  void do_reply(CommandReply reply, std::function<void(bool)> committed);
  Result<firmware::Reader*> route(const CommandRequest& request) const;
  Result<void> check(const CommandRequest& request, const firmware::Reader& reader) const;
  void send(const std::string& id);
  void sent(const std::string& id, const Result<void>& outcome);
  void deadline_passed(const std::string& id);
  void finish(Entry& entry, CommandState state, std::string result_json, std::string error, std::function<void(bool)> committed);
  void finished(const CommandStatus& ended, const Result<void>& saved);
  void save(const CommandStatus& status, Saved saved);
  void arm(Entry& entry, std::chrono::nanoseconds delay, std::function<void()> task);
  void remember(const CommandStatus& status);

  Log& log_;
  firmware::PollLoop& loop_;
  const Clock& clock_;
  std::vector<firmware::Reader*> readers_;
  std::map<std::string, Entry> open_;              // by id
  std::map<std::string, CommandStatus> finished_;  // the newest, for idempotency keys and cancelling
  std::deque<std::string> finished_order_;
  std::map<std::string, std::string> keys_;  // device and idempotency key -> id
  std::atomic<std::uint64_t> stray_replies_ = 0;

  mutable std::mutex declarations_mutex_;  // protects the pointer; what it points to is immutable
  std::shared_ptr<const Declarations> declarations_;
};

/// Pure: the arguments against the declaration. The error names the argument.
Result<void> check_arguments(const DeclaredCommand& declared, std::string_view args_json);

}  // namespace weir::gateway
