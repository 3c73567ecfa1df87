#include <nlohmann/json.hpp>

#include "base/json.h"
#include "server/handlers/audited.h"
#include "server/handlers/handlers.h"

namespace weir::gateway {
namespace {

/// Without a path it belongs to where it was made (RFC 6265 section 5.1.4): also behind a prefix that only the proxy knows. The
/// page's origin tells of TLS that ends at a proxy.
std::string cookie(std::string_view secret, bool secure) {
  return "weir_session=" + std::string(secret) + "; HttpOnly; SameSite=Strict" + (secure ? "; Secure" : "");
}

bool is_secure(const Request& request) { return request.tls || request.origin.starts_with("https://"); }

void append_member(std::string& body, std::string_view name, std::string_view text) {
  body.append(",\"").append(name).append("\":");
  append_json_string(body, text);
}

void append_scope(std::string& body, const Scope& scope) {
  if (!scope.devices.empty()) append_member(body, "devices", scope.devices);
  if (!scope.kinds.empty()) append_member(body, "kinds", scope.kinds);
}

/// `session`: its secret; empty: a token asks. `setup`: nobody has a pass phrase yet, and this session may make the first user.
std::string describe(Access& access, const Principal& principal, std::string_view session) {
  std::string body = R"({"name":)";
  append_json_string(body, principal.name);
  append_member(body, "role", to_string(principal.role));
  append_scope(body, principal.scope);
  if (!session.empty()) {
    append_member(body, "csrf_token", csrf_token_of(session));
    const auto users = access.users();
    if (users && users->empty()) body += ",\"setup\":true";
  }
  return body += '}';
}

Response too_soon(Host& host, std::string_view detail, std::chrono::seconds wait) {
  host.counters().refusals.count(Refusal::sign_in);
  return busy(429, detail, std::max(wait, std::chrono::seconds{1}));
}

Response refuse(Host& host, const Error& error, std::string_view from) {
  if (error.code != ErrorCode::full) return problem(error.code == ErrorCode::unauthorised ? 401 : 503, error.message);
  return too_soon(host, error.message, host.access().redeem_wait(from));
}

/// The row first, then the cookie.
void answer_signed_in(Connection& there, const std::string& secret, bool secure) {
  Access& access = there.host().access();
  const auto principal = access.by_session(secret);
  const Reply reply(there.host(), there);
  if (!principal) return reply(problem(503, "the session ended at once: try again"));
  AuditEntry entry{
      .who = principal->name, .from = there.address(), .action = "session.open", .target = access.session_id(secret)};
  entry.result = "done";
  Response answer = json_response(200, describe(access, *principal, secret)).with("Set-Cookie", cookie(secret, secure));
  there.host().audit().append(std::move(entry), [reply, secret, answer = std::move(answer)](const Result<void>& kept) {
    if (kept) return reply(answer);
    reply.then([secret, refused = kept.error()](Connection& connection) {
      std::ignore = connection.host().access().end_session(secret);
      connection.respond(problem(refused));
    });
  });
}

void note_failure(Host& host, std::string who, std::string_view from, std::string result) {
  host.audit().note({.who = std::move(who), .from = std::string(from), .action = "session.open", .result = std::move(result)});
}

Outcome sign_in_by_code(Call& call, const std::string& code) {
  const std::string from = call.connection.address();
  const auto secret = call.host.access().redeem(code, from);
  if (!secret) {
    if (secret.error().code == ErrorCode::unauthorised) note_failure(call.host, "", from, "wrong code");
    return refuse(call.host, secret.error(), from);
  }
  answer_signed_in(call.connection, *secret, is_secure(call.request));
  return std::make_unique<Pending>(call.connection);
}

/// What the worker found out.
struct Checked {
  std::string user, hash, renewed;
  bool right = false, secure = false;
};

void conclude(Connection& there, const Checked& checked) {
  Access& access = there.host().access();
  if (!checked.right) {
    note_failure(there.host(), "user:" + checked.user, there.address(), "wrong name or pass phrase");
    return there.respond(problem(401, "wrong name or pass phrase; a code of `weir pair` will do as well"));
  }
  const auto secret = access.finish_sign_in(checked.user, checked.hash, there.address());
  if (!secret) return there.respond(refuse(there.host(), secret.error(), there.address()));
  if (!checked.renewed.empty()) std::ignore = access.renew_hash(checked.user, checked.hash, checked.renewed);
  answer_signed_in(there, *secret, checked.secure);
}

Outcome sign_in_by_phrase(Call& call, const std::string& user, const std::string& phrase) {
  if (user.size() > limits::name_bytes_max) return problem(400, "name: may have 128 bytes");
  if (phrase.size() > pass_phrases::bytes_max) return problem(400, "pass_phrase: may have 1024 bytes");
  const std::string from = call.connection.address();
  Access& access = call.host.access();
  if (const auto wait = access.sign_in_wait(user, from); wait.count() > 0) {
    return too_soon(call.host, "too many wrong pass phrases: wait " + std::to_string(wait.count()) + " s, then try again", wait);
  }
  if (!call.host.pass_phrases().has_room()) return too_soon(call.host, "too many sign in at once: try again", {});
  Checked checked{.user = user, .hash = access.begin_sign_in(user, from), .renewed = "", .secure = is_secure(call.request)};
  call.host.pass_phrases().post([reply = Reply(call.host, call.connection), checked, phrase]() mutable {
    checked.right = fits(checked.hash, phrase);
    const bool renew = checked.right && outdated(checked.hash);
    if (const auto hash = renew ? hash_pass_phrase(phrase) : Result<std::string>(std::string())) checked.renewed = *hash;
    reply.then([checked = std::move(checked)](Connection& there) { conclude(there, checked); });
  });
  return std::make_unique<Pending>(call.connection);
}

std::string secret_of(const Call& call) {
  const Credential& credential = call.connection.credential();
  return credential.kind == Credential::Kind::session ? *credential.secret : "";
}

void append_session(std::string& body, const SessionInfo& session, std::string_view own) {
  body += R"({"id":)";
  append_json_string(body, session.id);
  if (!session.user.empty()) append_member(body, "user", session.user);
  append_member(body, "role", to_string(session.role));
  append_member(body, "from", session.from);
  append_member(body, "created", format_time(session.created));
  append_member(body, "seen", format_time(session.seen));
  if (session.id == own) body += ",\"current\":true";
  body += '}';
}

bool belongs_to(const SessionInfo& session, const Principal& principal) {
  return principal.role == Role::admin ||
         principal.name == (session.user.empty() ? "session:" + session.id : "user:" + session.user);
}

}  // namespace

Outcome show_session(Call& call) { return json_response(200, describe(call.host.access(), call.principal, secret_of(call))); }

Outcome sign_in(Call& call) {
  const auto body = parse_json(call.request.body);
  if (!body) return problem(body.error());
  if (body->is_object() && body->contains("code") && body->at("code").is_string())
    return sign_in_by_code(call, text_member(*body, "code"));
  const std::string user = text_member(*body, "name"), phrase = text_member(*body, "pass_phrase");
  if (!user.empty() && !phrase.empty()) return sign_in_by_phrase(call, user, phrase);
  return problem(400, "send {\"code\":\"1234-5678\"}, from `weir pair`, or {\"name\":\"…\",\"pass_phrase\":\"…\"}");
}

Outcome sign_out(Call& call) {
  Access& access = call.host.access();
  const std::string cleared = cookie("", is_secure(call.request)) + "; Max-Age=0";
  const auto secret = cookie_value(call.request.cookie, "weir_session");
  const auto principal = secret ? access.by_session(*secret) : std::nullopt;
  if (!principal) return empty_response(204).with("Set-Cookie", cleared);
  if (!same_hash(call.request.csrf_token, csrf_token_of(*secret))) return problem(403, csrf_missing);
  call.principal = *principal;
  return audited(call, {.action = "session.end", .target = access.session_id(*secret)},
                 [secret = std::string(*secret), cleared](Host& host) {
                   const auto ended = host.access().end_session(secret);
                   if (!ended && ended.error().code != ErrorCode::not_found) return problem(ended.error());
                   return empty_response(204).with("Set-Cookie", cleared);
                 });
}

/// Admins see all, others their own.
Outcome list_sessions(Call& call) {
  const std::string own = call.host.access().session_id(secret_of(call));
  std::string body = "{\"sessions\":[";
  for (const SessionInfo& session : call.host.access().sessions()) {
    if (!belongs_to(session, call.principal)) continue;
    if (body.back() != '[') body += ',';
    append_session(body, session, own);
  }
  return json_response(200, body += "]}");
}

Outcome end_other_session(Call& call) {
  for (const SessionInfo& session : call.host.access().sessions()) {
    if (session.id != call.request.subject || !belongs_to(session, call.principal)) continue;
    return audited(call, {.action = "session.revoke", .target = session.id, .before = session.user},
                   [id = session.id](Host& host) {
                     const auto ended = host.access().end_session_named(id);
                     return ended ? empty_response(204) : problem(ended.error());
                   });
  }
  return problem(404, "no session of yours has this id");
}

}  // namespace weir::gateway
