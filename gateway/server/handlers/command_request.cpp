#include "server/handlers/command_request.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace weir::gateway {
namespace {

Result<std::string> name_member(const nlohmann::json& message, const char* member) {
  const auto found = message.find(member);
  if (found != message.end() && found->is_string() && is_name(found->get_ref<const std::string&>()))
    return found->get<std::string>();
  return Error{ErrorCode::invalid, std::string(member) + ": must be a text of 1 to 128 bytes"};
}

Result<std::chrono::milliseconds> timeout_member(const nlohmann::json& message, std::chrono::milliseconds standard) {
  const auto found = message.find("timeout");
  if (found == message.end()) return standard;
  if (!found->is_string()) return Error{ErrorCode::invalid, "timeout: must be a duration as \"10s\""};
  const auto duration = parse_duration(found->get_ref<const std::string&>());
  if (!duration) return Error{ErrorCode::invalid, "timeout: " + duration.error().message};
  return std::chrono::duration_cast<std::chrono::milliseconds>(*duration);
}

Result<std::string> args_member(const nlohmann::json& message) {
  const auto found = message.find("args");
  if (found == message.end()) return std::string("{}");
  if (!found->is_object()) return Error{ErrorCode::invalid, "args: must be an object"};
  return found->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<CommandRequest> parse_command(const nlohmann::json& message, std::string device) {
  if (!message.is_object()) return Error{ErrorCode::invalid, "send {\"name\":…,\"args\":{…},\"timeout\":\"10s\"}"};
  CommandRequest request;
  auto target = device.empty() ? name_member(message, "device") : Result<std::string>(std::move(device));
  if (!target) return target.error();
  auto name = name_member(message, "name");
  if (!name) return name.error();
  auto args = args_member(message);
  if (!args) return args.error();
  const auto timeout = timeout_member(message, request.timeout);
  if (!timeout) return timeout.error();
  if (const auto confirm = message.find("confirm"); confirm != message.end()) {
    auto typed = name_member(message, "confirm");
    if (!typed) return typed.error();
    request.confirm = std::move(*typed);
  }
  request.device = std::move(*target);
  request.name = std::move(*name);
  request.args_json = std::move(*args);
  request.timeout = *timeout;
  return request;
}

}  // namespace weir::gateway
