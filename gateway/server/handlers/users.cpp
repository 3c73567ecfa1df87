#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "server/handlers/audited.h"
#include "server/handlers/handlers.h"

namespace weir::gateway {
namespace {

std::string describe(const UserInfo& user) {
  std::string body = R"({"name":)";
  append_json_string(body, user.name);
  body.append(R"(,"role":")").append(to_string(user.role));
  return body.append(R"(","created":")").append(format_time(user.created)).append("\"}");
}

std::optional<UserInfo> find_user(Access& access, std::string_view name) {
  const auto users = access.users();
  if (!users) return std::nullopt;
  const auto found = std::find_if(users->begin(), users->end(), [name](const UserInfo& user) { return user.name == name; });
  return found == users->end() ? std::nullopt : std::optional(*found);
}

Response answer_user(Host& host, const Result<void>& done, const std::string& name, unsigned status) {
  if (!done) return problem(done.error());
  const auto user = find_user(host.access(), name);
  return user ? json_response(status, describe(*user)) : problem(404, "this user is gone again");
}

Response no_user() { return problem(404, "no user has this name"); }

/// Whose session it is stays signed in; the others of that user end.
Outcome set_pass_phrase(Call& call, const std::string& user, NewPassPhrase phrase, std::string keep) {
  return audited_with_hash(call, std::move(phrase), {.action = "user.passphrase", .target = user},
                           [user, keep = std::move(keep)](Host& host, const std::string& hash) {
                             return answer_user(host, host.access().set_pass_phrase(user, hash, keep), user, 200);
                           });
}

}  // namespace

Outcome list_users(Call& call) {
  const auto users = call.host.access().users();
  if (!users) return problem(users.error());
  std::string body = "{\"users\":[";
  for (const UserInfo& user : *users) body.append(body.back() == '[' ? "" : ",").append(describe(user));
  return json_response(200, body += "]}");
}

Outcome show_user(Call& call) {
  const auto user = find_user(call.host.access(), call.request.subject);
  return user ? json_response(200, describe(*user)) : no_user();
}

Outcome add_user(Call& call) {
  const auto body = parse_json(call.request.body);
  if (!body) return problem(body.error());
  const std::string name = text_member(*body, "name");
  const auto role = role_from(text_member(*body, "role"));
  if (name.empty() || !role) {
    return problem(400, "send {\"name\":\"…\",\"role\":\"viewer\"|\"operator\"|\"admin\",\"pass_phrase\":\"…\"}");
  }
  return audited_with_hash(call, {text_member(*body, "pass_phrase"), nullptr},
                           {.action = "user.add", .target = name, .after = std::string(to_string(*role))},
                           [name, role = *role](Host& host, const std::string& hash) {
                             return answer_user(host, host.access().add_user(name, role, hash), name, 201);
                           });
}

Outcome change_user(Call& call) {
  const auto body = parse_json(call.request.body);
  if (!body) return problem(body.error());
  const std::string& name = call.request.subject;
  const auto user = find_user(call.host.access(), name);
  if (!user) return no_user();
  const std::string phrase = text_member(*body, "pass_phrase"), role_text = text_member(*body, "role");
  if (phrase.empty() == role_text.empty()) return problem(400, "send {\"role\":\"…\"} or {\"pass_phrase\":\"…\"}");
  if (role_text.empty()) {
    if (call.principal.name == "user:" + name) return problem(403, "one's own is changed at /v1/session/pass-phrase");
    return set_pass_phrase(call, name, {phrase, nullptr}, "");
  }
  const auto role = role_from(role_text);
  if (!role) return problem(400, "role: viewer, operator or admin");
  AuditEntry entry{.action = "user.role", .target = name, .before = std::string(to_string(user->role)), .after = role_text};
  return audited(call, std::move(entry),
                 [name, role = *role](Host& host) { return answer_user(host, host.access().set_role(name, role), name, 200); });
}

Outcome remove_user(Call& call) {
  const std::string& name = call.request.subject;
  const auto user = find_user(call.host.access(), name);
  if (!user) return no_user();
  return audited(call, {.action = "user.remove", .target = name, .before = std::string(to_string(user->role))},
                 [name](Host& host) {
                   const auto removed = host.access().remove_user(name);
                   return removed ? empty_response(204) : problem(removed.error());
                 });
}

Outcome change_own_pass_phrase(Call& call) {
  const auto body = parse_json(call.request.body);
  if (!body) return problem(body.error());
  if (!call.principal.name.starts_with("user:")) return problem(404, "only who signed in with a pass phrase has one to change");
  const std::string phrase = text_member(*body, "pass_phrase");
  if (const auto good = check_pass_phrase(phrase); !good) return problem(good.error());  // before a try is counted
  const std::string user = call.principal.name.substr(5), from = call.connection.address();
  Access& access = call.host.access();
  if (const auto wait = access.sign_in_wait(user, from); wait.count() > 0)
    return busy(429, "too many wrong pass phrases: wait " + std::to_string(wait.count()) + " s, then try again", wait);
  const std::string current = text_member(*body, "current"), hash = access.begin_sign_in(user, from);
  const auto right = [current, hash]() -> Result<void> {
    if (current.size() <= pass_phrases::bytes_max && fits(hash, current)) return {};
    return Error{ErrorCode::unauthorised, "current: this is not the pass phrase that is in force"};
  };
  return set_pass_phrase(call, user, {phrase, right}, *call.connection.credential().secret);
}

}  // namespace weir::gateway
