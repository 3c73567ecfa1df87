#include "commands/trail.h"

#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "log/members.h"

namespace weir::gateway {
namespace {

constexpr const char* ended_action = "command.ended";
constexpr const char* no_address = "local";  // who asked before a restart came from an address that was not kept

std::string asked(const CommandStatus& command) {
  return "{" + MembersWriter().text("id", command.id).text("name", command.name).json("args", command.args_json).take() + "}";
}

std::string outcome(const CommandStatus& command) {
  MembersWriter out;
  out.text("id", command.id).text("name", command.name);
  if (!command.result_json.empty()) out.json("result", command.result_json);
  return "{" + out.text_unless_empty("error", command.error).take() + "}";
}

AuditEntry entry_of(const CommandStatus& command, const std::string& from) {
  AuditEntry entry{.who = command.by, .from = from.empty() ? no_address : from, .target = command.device};
  const bool ended = is_final(command.state);
  entry.action = ended ? ended_action : "command.accepted";
  entry.after = ended ? outcome(command) : asked(command);
  entry.result = ended ? std::string(to_string(command.state)) : "accepted";
  return entry;
}

/// The id begins the member, so that a row that was cut still has it.
std::string id_in(const std::string& row) {
  const auto parsed = nlohmann::json::parse(row, nullptr, false);
  const auto after = parsed.is_object() ? parsed.value("after", std::string()) : std::string();
  constexpr std::string_view begin = R"({"id":")";
  if (!after.starts_with(begin)) return {};
  return after.substr(begin.size(), after.find('"', begin.size()) - begin.size());
}

}  // namespace

CommandAudit audit_to(Audit& audit) {
  return [&audit](const CommandStatus& command, const std::string& from, Audit::Done done) {
    audit.append(entry_of(command, from), std::move(done));
  };
}

Result<std::vector<CommandStatus>> missing_ends(const std::filesystem::path& data_dir,
                                                const std::vector<CommandStatus>& earlier) {
  std::map<std::string, CommandStatus> missing;
  for (const auto& command : earlier) {
    if (is_final(command.state)) missing.emplace(command.id, command);
  }
  AuditQuery query{.limit = audit_limits::page_max, .action = ended_action};
  for (bool more = true; more && !missing.empty();) {
    const auto page = read_audit(data_dir, query);
    if (!page) return page.error();
    for (const auto& row : page->rows) missing.erase(id_in(row));
    more = page->more;
    query.before = page->next;
  }
  std::vector<CommandStatus> ends;
  ends.reserve(missing.size());
  for (auto& [id, command] : missing) ends.push_back(std::move(command));
  return ends;
}

}  // namespace weir::gateway
