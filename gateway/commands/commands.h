// Commands: authorised requests become states in the log, one message to one device, and a result.
//
// Purpose    validate, commit `queued`, send once, commit `sent`, wait for the reply or the deadline. CONTRACT 4.3, 5.
// Thread     submit(), cancel() and declarations() from any thread; all else on the readers' poll loop.
// Ownership  keeps references to the log, the loop and the readers, which outlive it.
// Limits     limits::commands_open_max open commands; timeout 1 s to 24 h, 10 s by default.
// Errors     not_found (no reader reaches the device), invalid (undeclared, or an argument: named), conflict (the
//            idempotency key was used for another command; cancelling what was sent), full.
#pragma once

#include <functional>
#include <map>
#include <memory>
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

  /// Before the loop runs: the readers, and the commands that were open when the gateway stopped.
  void set_readers(std::vector<firmware::Reader*> readers);
  void resume(const std::vector<CommandStatus>& open);

  /// `done` is called once, on the log's thread or the loop, after `queued` is committed or refused.
  void submit(CommandRequest request, CommandDone done);
  void cancel(std::string id, std::string by, CommandDone done);
  std::shared_ptr<const Declarations> declarations() const;

  void on_reply(CommandReply reply, std::function<void(bool committed)> committed) override;
  void on_declared(std::string device, std::vector<DeclaredCommand> commands) override;

 private:
  struct Private;  // commands.cpp
  std::unique_ptr<Private> private_;
};

/// Pure: the arguments against the declaration. The error names the argument.
Result<void> check_arguments(const DeclaredCommand& declared, std::string_view args_json);

}  // namespace weir::gateway
