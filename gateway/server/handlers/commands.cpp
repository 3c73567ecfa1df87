#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/limits.h"
#include "server/handlers/command_request.h"
#include "server/handlers/handlers.h"

namespace weir::gateway {
namespace {

constexpr std::chrono::seconds wait_max{60};

std::string describe(const CommandStatus& command) { return "{" + command_members(command) + "}"; }

void refuse(const Reply& reply, const Error& error) {
  reply.then([error](Connection& there) {
    if (error.code != ErrorCode::full) return there.respond(problem(error));
    there.host().counters().refusals.count(Refusal::commands);
    there.respond(busy(429, error.message, Commands::dangerous_pause));
  });
}

Response accepted(const CommandStatus& command, unsigned status) {
  return json_response(status, describe(command)).with("Location", "/v1/commands/" + command.id);
}

/// POST with wait: answers with the final state if it comes in time, otherwise as without.
class CommandWait final : public Exchange {
 public:
  CommandWait(Connection& connection, CommandStatus command, std::chrono::seconds wait)
      : Exchange(connection), command_(std::move(command)), wait_(wait) {}

  void start() override {
    connection().wake_at(host().now() + wait_);
    connection().follow_log();
    on_log();
  }
  void on_log() override {
    const CommandStatus* now = host().latest().command(command_.id);
    if (now != nullptr) command_ = *now;
    if (is_final(command_.state)) connection().respond(accepted(command_, 200));
  }
  void on_due() override { connection().respond(accepted(command_, 202)); }
  void on_shutdown() override { on_due(); }

 private:
  CommandStatus command_;
  const std::chrono::seconds wait_;
};

CommandDone answer_submission(Call& call, std::chrono::seconds wait) {
  return [reply = Reply(call.host, call.connection), wait](const Result<CommandStatus>& result) {
    if (!result) return refuse(reply, result.error());
    if (wait.count() == 0) return reply(accepted(*result, 202));
    reply.then(
        [command = *result, wait](Connection& there) { there.begin(std::make_unique<CommandWait>(there, command, wait)); });
  };
}

Result<CommandRequest> parse_request(const Call& call) {
  const auto body = parse_json(call.request.body);
  if (!body) return body.error();
  auto request = parse_command(*body, call.request.subject);
  if (!request) return request;
  if (call.request.idempotency_key.size() > limits::idempotency_key_bytes_max) {
    return Error{ErrorCode::invalid, "Idempotency-Key: may have 255 bytes"};
  }
  request->by = call.principal.name;
  request->from = call.connection.peer();
  request->idempotency_key = call.request.idempotency_key;
  return request;
}

/// One that the asker's scope leaves out is not there, for him.
const CommandStatus* find_command(const Call& call) {
  const CommandStatus* command = call.host.latest().command(call.request.subject);
  return command != nullptr && may_command(call.principal.scope, command->device) ? command : nullptr;
}

bool wanted(const CommandStatus& command, std::string_view device, std::optional<CommandState> state) {
  return (device.empty() || command.device == device) && (!state || command.state == *state);
}

}  // namespace

Outcome send_command(Call& call) {
  const auto wait = parse_wait(call.request.parameter("wait"), wait_max);
  if (!wait) return problem(wait.error());
  if (!may_command(call.principal.scope, call.request.subject))
    return problem(403, call.principal.name + " is limited to other devices or kinds");
  auto request = parse_request(call);
  if (!request) return problem(request.error());
  call.host.commands().submit(std::move(*request), answer_submission(call, *wait));
  return std::make_unique<Pending>(call.connection);
}

Outcome list_commands(Call& call) {
  const std::string_view asked = call.request.parameter("state");
  const auto state = asked.empty() ? std::nullopt : command_state_from(asked);
  if (!asked.empty() && !state) return problem(400, "state: queued, sent, succeeded, failed, expired, cancelled or unknown");
  const Latest& latest = call.host.latest();
  std::string body = "{\"commands\":[";
  for (const std::string& id : latest.command_ids()) {
    const CommandStatus* command = latest.command(id);
    if (command == nullptr || !may_command(call.principal.scope, command->device)) continue;
    if (!wanted(*command, call.request.parameter("device"), state)) continue;
    if (body.back() != '[') body += ',';
    body += describe(*command);
  }
  return json_response(200, body += "]}");
}

Outcome show_command(Call& call) {
  const CommandStatus* command = find_command(call);
  if (command == nullptr) return problem(404, "no such command, or it finished long ago");
  return json_response(200, describe(*command));
}

Outcome cancel_command(Call& call) {
  if (call.principal.scope.limited() && find_command(call) == nullptr) return problem(404, "no such command");
  const auto done = [reply = Reply(call.host, call.connection)](const Result<CommandStatus>& result) {
    result ? reply(json_response(200, describe(*result))) : refuse(reply, result.error());
  };
  call.host.commands().cancel(call.request.subject, done);
  return std::make_unique<Pending>(call.connection);
}

}  // namespace weir::gateway
