#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "server/handlers/audited.h"
#include "server/handlers/handlers.h"

namespace weir::gateway {
namespace {

constexpr std::string_view how =
    R"(send {"name":"…","role":"viewer"|"operator"|"admin"|"ingest","devices"?,"kinds"?,"expires"?})";

constexpr std::array<std::string_view, 5> members{"name", "role", "devices", "kinds", "expires"};

void append_text(std::string& out, std::string_view member, std::string_view value) {
  out.append(",\"").append(member).append("\":");
  append_json_string(out, value);
}

std::string terms_text(const TokenTerms& terms) {
  std::string text(to_string(terms.role));
  if (!terms.scope.devices.empty()) text.append(" devices=").append(terms.scope.devices);
  if (!terms.scope.kinds.empty()) text.append(" kinds=").append(terms.scope.kinds);
  if (terms.expires) text.append(" expires=").append(format_time(*terms.expires));
  return text;
}

/// `secret`: shown once, when it is made.
std::string describe(const TokenInfo& token, std::string_view secret = {}) {
  std::string body = R"({"name":)";
  append_json_string(body, token.name);
  append_text(body, "role", to_string(token.terms.role));
  append_text(body, "prefix", token.prefix);
  append_text(body, "created", format_time(token.created));
  if (!token.terms.scope.devices.empty()) append_text(body, "devices", token.terms.scope.devices);
  if (!token.terms.scope.kinds.empty()) append_text(body, "kinds", token.terms.scope.kinds);
  if (token.terms.expires) append_text(body, "expires", format_time(*token.terms.expires));
  if (token.used) append_text(body, "used", format_time(*token.used));
  if (!secret.empty()) append_text(body, "token", secret);
  return body += '}';
}

std::optional<TokenInfo> find_token(Access& access, std::string_view name) {
  const auto tokens = access.tokens();
  if (!tokens) return std::nullopt;
  const auto found = std::find_if(tokens->begin(), tokens->end(), [name](const TokenInfo& token) { return token.name == name; });
  return found == tokens->end() ? std::nullopt : std::optional(*found);
}

Response no_token() { return problem(404, "no token has this name"); }

Result<TokenTerms> parse_terms(const nlohmann::json& body) {
  const auto role = role_from(text_member(body, "role"));
  if (!role) return Error{ErrorCode::invalid, "role: viewer, operator, admin or ingest"};
  TokenTerms terms{*role, {text_member(body, "devices"), text_member(body, "kinds")}};
  for (const auto& [member, value] : body.items()) {  // a limit that is not understood must not be none
    if (std::find(members.begin(), members.end(), member) == members.end())
      return Error{ErrorCode::invalid,
                   "\"" + member + "\" is no member of a token: there are name, role, devices, kinds, expires"};
    if (!value.is_string()) return Error{ErrorCode::invalid, member + ": must be text"};
  }
  if (!body.contains("expires")) return terms;
  const auto expires = parse_time(text_member(body, "expires"));
  if (!expires) return Error{ErrorCode::invalid, "expires: " + expires.error().message};
  terms.expires = *expires;
  return terms;
}

}  // namespace

Outcome list_tokens(Call& call) {
  const auto tokens = call.host.access().tokens();
  if (!tokens) return problem(tokens.error());
  std::string body = "{\"tokens\":[";
  for (const TokenInfo& token : *tokens) body.append(body.back() == '[' ? "" : ",").append(describe(token));
  return json_response(200, body += "]}");
}

Outcome show_token(Call& call) {
  const auto token = find_token(call.host.access(), call.request.subject);
  return token ? json_response(200, describe(*token)) : no_token();
}

Outcome add_token(Call& call) {
  const auto body = parse_json(call.request.body);
  if (!body) return problem(body.error());
  const std::string name = text_member(*body, "name");
  if (name.empty()) return problem(400, how);
  const auto terms = parse_terms(*body);
  if (!terms) return problem(terms.error());
  return audited(call, {.action = "token.add", .target = name, .after = terms_text(*terms)}, [name, terms = *terms](Host& host) {
    const auto secret = host.access().add_token(name, terms);
    if (!secret) return problem(secret.error());
    const auto token = find_token(host.access(), name);
    return token ? json_response(201, describe(*token, *secret)) : no_token();
  });
}

Outcome change_token(Call& call) {
  const auto body = parse_json(call.request.body);
  if (!body) return problem(body.error());
  const std::string& name = call.request.subject;
  const auto before = find_token(call.host.access(), name);
  if (!before) return no_token();
  const auto terms = parse_terms(*body);
  if (!terms) return problem(terms.error());
  AuditEntry entry{.action = "token.change", .target = name, .before = terms_text(before->terms), .after = terms_text(*terms)};
  return audited(call, std::move(entry), [name, terms = *terms](Host& host) {
    const auto changed = host.access().change_token(name, terms);
    if (!changed) return problem(changed.error());
    const auto token = find_token(host.access(), name);
    return token ? json_response(200, describe(*token)) : no_token();
  });
}

Outcome revoke_token(Call& call) {
  const std::string& name = call.request.subject;
  const auto token = find_token(call.host.access(), name);
  if (!token) return no_token();
  return audited(call, {.action = "token.revoke", .target = name, .before = terms_text(token->terms)}, [name](Host& host) {
    const auto revoked = host.access().revoke_token(name);
    return revoked ? empty_response(204) : problem(revoked.error());
  });
}

}  // namespace weir::gateway
