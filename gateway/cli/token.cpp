#include <iomanip>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/local_access.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const TokenInfo& info) {
  ordered_json out = {
      {"name", info.name}, {"role", to_string(info.terms.role)}, {"prefix", info.prefix}, {"created", format_time(info.created)}};
  if (!info.terms.scope.devices.empty()) out["devices"] = info.terms.scope.devices;
  if (!info.terms.scope.kinds.empty()) out["kinds"] = info.terms.scope.kinds;
  if (info.terms.expires) out["expires"] = format_time(*info.terms.expires);
  if (info.used) out["used"] = format_time(*info.used);
  return out;
}

std::string scope_text(const TokenTerms& terms) {
  std::string text;
  if (!terms.scope.devices.empty()) text += "  devices " + terms.scope.devices;
  if (!terms.scope.kinds.empty()) text += "  kinds " + terms.scope.kinds;
  if (terms.expires) text += "  until " + format_time(*terms.expires);
  return text;
}

std::string use_text(const TokenInfo& info) { return info.used ? "  used " + format_time(*info.used) : "  never used"; }

/// "90d", or a time.
Result<std::optional<Timestamp>> parse_expiry(const std::string& text) {
  if (text.empty()) return std::optional<Timestamp>();
  if (const auto time = parse_time(text)) return std::optional(*time);
  const auto duration = parse_duration(text);
  if (!duration) return Error{ErrorCode::invalid, "--expires: a duration as 90d, or a time as 2027-01-31T00:00:00Z"};
  return std::optional(SystemClock().wall() + *duration);
}

}  // namespace

int run_token_add(const Arguments& arguments, Environment& environment) {
  const auto role = role_from(arguments.get("role"));
  if (!role) {
    environment.err << "weir: \"" << arguments.get("role") << "\" is not a role; choose viewer, operator, admin or ingest\n";
    return misused;
  }
  const auto expires = parse_expiry(arguments.get("expires"));
  if (!expires) {
    environment.err << "weir: " << expires.error().message << "\n";
    return misused;
  }
  const std::string name = arguments.get("name");
  const TokenTerms terms{*role, {arguments.get("devices"), arguments.get("kinds")}, *expires};
  std::string token;
  const int code = change_access(
      arguments, environment, {.action = "token.add", .target = name, .after = std::string(to_string(*role)) + scope_text(terms)},
      [&](Access& access) -> Result<void> {
        auto made = access.add_token(name, terms);
        if (!made) return made.error();
        token = std::move(*made);
        return {};
      });
  if (code != done) return code;
  if (arguments.has("json")) {
    environment.out << ordered_json({{"name", name}, {"role", to_string(*role)}, {"token", token}}).dump() << "\n";
  } else {
    environment.out << token << "\n";
    environment.err << "It is not shown again. Use it as \"Authorization: Bearer TOKEN\", or in WEIR_TOKEN.\n";
  }
  return done;
}

int run_token_list(const Arguments& arguments, Environment& environment) {
  int code = done;
  const auto access = open_access(arguments, environment, code);
  if (!access) return code;
  const auto tokens = access->tokens();
  if (!tokens) return complain(environment, tokens.error());
  ordered_json all = ordered_json::array();
  for (const TokenInfo& info : *tokens) {
    if (arguments.has("json")) {
      all.push_back(to_json(info));
    } else {
      environment.out << std::left << std::setw(9) << to_string(info.terms.role) << " " << info.prefix << "…  "
                      << format_time(info.created) << "  " << info.name << scope_text(info.terms) << use_text(info) << "\n";
    }
  }
  if (arguments.has("json")) environment.out << ordered_json({{"tokens", all}}).dump() << "\n";
  return done;
}

int run_token_revoke(const Arguments& arguments, Environment& environment) {
  const std::string name = arguments.get("name");
  const int code = change_access(arguments, environment, {.action = "token.revoke", .target = name},
                                 [&](Access& access) { return access.revoke_token(name); });
  if (code == done && arguments.has("json")) environment.out << ordered_json({{"revoked", name}}).dump() << "\n";
  return code;
}

}  // namespace weir::gateway::cli
