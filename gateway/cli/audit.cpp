#include <ostream>

#include <nlohmann/json.hpp>

#include "access/audit.h"
#include "base/json.h"
#include "cli/local_access.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

std::string member(const nlohmann::json& row, const char* name) {
  const auto found = row.find(name);
  return found != row.end() && found->is_string() ? found->get<std::string>() : "";
}

/// "12 2026-11-21T10:11:12Z token:cloud 192.0.2.7 command.sent boiler-1 (off -> on): done"
std::string line_of(const std::string& text) {
  const auto row = parse_json(text);
  if (!row) return text;  // damaged: as it is
  std::string line = row->value("seq", nlohmann::json()).dump();
  for (const char* name : {"time", "who", "from", "action", "target"}) {
    if (const std::string value = member(*row, name); !value.empty()) line += " " + value;
  }
  const std::string before = member(*row, "before"), after = member(*row, "after");
  if (!before.empty() || !after.empty()) line += " (" + before + " -> " + after + ")";
  return line + ": " + member(*row, "result");
}

ordered_json to_json(const AuditVerified& verified) {
  return {{"sound", verified.fault.empty()}, {"rows", verified.rows},   {"first", verified.first},  {"last", verified.last},
          {"hash", verified.hash},           {"fault", verified.fault}, {"remark", verified.remark}};
}

}  // namespace

int run_audit_verify(const Arguments& arguments, Environment& environment) {
  int code = done;
  const auto config = local_config(arguments, environment, code);
  if (!config) return code;
  const auto verified = verify_audit(config->data_dir);
  if (!verified) return complain(environment, verified.error());
  if (arguments.has("json")) {
    environment.out << to_json(*verified).dump() << "\n";
  } else {
    environment.out << verified->rows << " rows, " << verified->first << " to " << verified->last << ", the last with hash "
                    << verified->hash << "\n"
                    << (verified->remark.empty() ? "" : verified->remark + "\n") << (verified->fault.empty() ? "sound\n" : "");
  }
  if (verified->fault.empty()) return done;
  environment.err << "weir: the audit was tampered with or damaged: " << verified->fault
                  << "; compare with the journal (journalctl -u weir | grep audit:) and with backups\n";
  return failed;
}

int run_audit_list(const Arguments& arguments, Environment& environment) {
  int code = done;
  const auto config = local_config(arguments, environment, code);
  if (!config) return code;
  AuditQuery query{.newest_first = false, .limit = audit_limits::page_max};
  query.who = arguments.get("who");
  query.action = arguments.get("action");
  query.target = arguments.get("target");
  for (bool more = true; more;) {
    const auto page = read_audit(config->data_dir, query);
    if (!page) return complain(environment, page.error());
    for (const std::string& row : page->rows) environment.out << (arguments.has("json") ? row : line_of(row)) << "\n";
    query.after = page->next;
    more = page->more;
  }
  return done;
}

int run_audit_tail(const Arguments& arguments, Environment& environment) {
  int code = done;
  const auto config = local_config(arguments, environment, code);
  if (!config) return code;
  auto page = read_audit(config->data_dir, {.limit = 20});
  if (!page) return complain(environment, page.error());
  for (auto row = page->rows.rbegin(); row != page->rows.rend(); ++row)
    environment.out << (arguments.has("json") ? *row : line_of(*row)) << "\n";
  return done;
}

}  // namespace weir::gateway::cli
