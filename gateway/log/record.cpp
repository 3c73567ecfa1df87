#include "log/record.h"

#include <array>

#include <nlohmann/json.hpp>

#include "log/members.h"

namespace weir::gateway {

namespace {

constexpr std::array<std::string_view, kind_count> kind_names = {"reading", "command", "device", "alarm", "loss", "system"};
constexpr std::array<std::string_view, 7> state_names = {"queued",  "sent",      "succeeded", "failed",
                                                         "expired", "cancelled", "unknown"};

}  // namespace

std::string_view to_string(Kind kind) { return kind_names[static_cast<std::size_t>(kind) - 1]; }

std::optional<Kind> kind_from(std::string_view text) {
  for (std::size_t i = 0; i < kind_names.size(); ++i) {
    if (kind_names[i] == text) return static_cast<Kind>(i + 1);
  }
  return std::nullopt;
}

std::string_view to_string(CommandState state) { return state_names[static_cast<std::size_t>(state)]; }

std::optional<CommandState> command_state_from(std::string_view text) {
  for (std::size_t i = 0; i < state_names.size(); ++i) {
    if (state_names[i] == text) return static_cast<CommandState>(i);
  }
  return std::nullopt;
}

std::string command_members(const CommandStatus& command) {
  MembersWriter out;
  out.text("id", command.id).text("device", command.device).text("name", command.name).json("args", command.args_json);
  out.text("state", to_string(command.state)).text("by", command.by);
  out.time("created", command.created).time("deadline", command.deadline);
  if (!command.result_json.empty()) out.json("result", command.result_json);
  return out.text_unless_empty("error", command.error).take();
}

Result<CommandStatus> command_from_members(std::string_view members) {
  const auto parsed = nlohmann::json::parse("{" + std::string(members) + "}", nullptr, false);
  if (!parsed.is_object()) return Error{ErrorCode::invalid, "command record: not a JSON object"};
  const auto text = [&](const char* name) { return parsed.value(name, std::string()); };
  const auto created = parse_time(text("created"));
  const auto deadline = parse_time(text("deadline"));
  const auto state = command_state_from(text("state"));
  if (!created || !deadline || !state) return Error{ErrorCode::invalid, "command record: created, deadline or state is missing"};
  CommandStatus command{.id = text("id"), .device = text("device"), .name = text("name"), .args_json = "{}"};
  if (parsed.contains("args")) command.args_json = parsed["args"].dump();
  command.state = *state;
  command.by = text("by");
  command.created = *created;
  command.deadline = *deadline;
  if (parsed.contains("result")) command.result_json = parsed["result"].dump();
  command.error = text("error");
  return command;
}

}  // namespace weir::gateway
