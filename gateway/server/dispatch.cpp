#include "server/dispatch.h"

#include <algorithm>
#include <string>

#include "access/secrets.h"
#include "server/http/origin.h"
#include "server/http/parameters.h"
#include "server/http/route.h"

namespace weir::gateway {
namespace {

constexpr std::string_view session_cookie = "weir_session";

/// "…: has 64 connections, server.connections_per_address_max: …"
std::string told(std::string_view who, unsigned limit, std::string_view of_what, Refusal refusal, std::string_view remedy) {
  std::string text(who);
  text.append(std::to_string(limit)).append(of_what).append(", server.").append(to_string(refusal));
  return text.append(": ").append(remedy);
}

Response refuse(Call& call, Refusal refusal, unsigned status, std::string_view detail, std::chrono::seconds retry_after) {
  call.host.counters().refusals.count(refusal);
  return busy(status, detail, retry_after);
}

std::optional<Response> over_connections(Call& call) {
  const ServerOptions& options = call.host.options();
  if (call.host.connections().size() > options.connections_max) {
    const auto detail = told("the gateway serves ", options.connections_max, " connections", Refusal::connections,
                             "try again later, or raise it");
    return with_close(refuse(call, Refusal::connections, 503, detail, retry_between(3, 9)));
  }
  if (!call.connection.loopback() && call.host.connections_at(call.connection.peer()) > options.connections_per_address_max) {
    const auto detail = told("this address has ", options.connections_per_address_max, " connections",
                             Refusal::connections_per_address, "close some, or raise it");
    return with_close(refuse(call, Refusal::connections_per_address, 429, detail, retry_between(3, 9)));
  }
  return std::nullopt;
}

/// Of requests that show no valid credential. A computer in the same network as one that asks too often loses nothing by it
/// once it has signed in.
std::optional<Response> over_address_rate(Call& call) {
  const unsigned rate = call.host.options().requests_per_second_per_address_max;
  if (call.connection.loopback() || call.host.address_rates().take(call.connection.peer(), call.host.now(), rate))
    return std::nullopt;
  const auto detail = told("this address may ask ", rate, " times a second without a valid credential",
                           Refusal::requests_per_address, "slow down, or raise it");
  return with_close(refuse(call, Refusal::requests_per_address, 429, detail, std::chrono::seconds{1}));
}

std::optional<Response> over_account(Call& call, const Principal& principal) {
  const ServerOptions& options = call.host.options();
  if (!call.host.join_account(call.connection, principal.name)) {
    const auto detail = told(principal.name + " has ", options.connections_per_token_max, " connections",
                             Refusal::connections_per_token, "close some, or raise it");
    return with_close(refuse(call, Refusal::connections_per_token, 429, detail, retry_between(3, 9)));
  }
  if (call.host.take_request(call.connection)) return std::nullopt;
  return refuse(call, Refusal::requests_per_token, 429, over_token_rate(principal.name, options), std::chrono::seconds{1});
}

Response not_allowed(const std::string& allowed) { return problem(405, "this path takes " + allowed).with("Allow", allowed); }

Response preflight(const std::string& allowed, const Request& request, const ServerOptions& options) {
  Response response = empty_response(204);
  response.with("Allow", allowed);
  if (!listed_origin(request.origin, options.origins)) return response;
  return response.with("Access-Control-Allow-Methods", allowed)
      .with("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-CSRF-Token")
      .with("Access-Control-Max-Age", "600");
}

/// Sets route and subject; otherwise the answer is 404, 405 or that of OPTIONS.
std::optional<Response> find_route(Call& call) {
  const Method method = call.request.method == Method::head ? Method::get : call.request.method;
  std::string allowed;
  for (const Route& route : routes()) {
    const auto subject = match_path(route.pattern, call.request.path);
    if (!subject) continue;
    if (route.method == method) {
      call.route = &route;
      call.request.subject = *subject;
      return std::nullopt;
    }
    const std::string name(to_string(route.method));
    if (allowed.find(name) == allowed.npos) allowed += (allowed.empty() ? "" : ", ") + name;
  }
  if (allowed.empty()) return problem(404, "nothing is at this path");
  if (allowed.find("GET") != allowed.npos) allowed += ", HEAD";
  allowed += ", OPTIONS";
  if (method == Method::options) return preflight(allowed, call.request, call.host.options());
  return not_allowed(allowed);
}

bool writes(Method method) { return method != Method::get && method != Method::head && method != Method::options; }

/// Wrong tokens can't be guessed right; but whoever sends many waits. Programs of this computer don't, nor do right tokens.
std::optional<Response> over_wrong_tokens(Call& call) {
  const bool counted = call.connection.credential().kind == Credential::Kind::token &&
                       (!call.connection.loopback() || call.connection.forwarded());
  if (!counted) return std::nullopt;
  const auto wait = call.host.access().wrong_token(call.connection.peer());
  if (wait.count() == 0) return std::nullopt;
  return refuse(call, Refusal::sign_in, 429, "this address sent too many wrong tokens: right ones are taken at any time", wait);
}

Response not_signed_in(Host& host) {
  if (!host.access().first_start()) return problem(401, "send `Authorization: Bearer TOKEN` (weir token add), or sign in");
  return problem(401, "nobody has rights here yet: sign in with the code of the gateway's journal or of `weir pair`");
}

Response refuse_stranger(Call& call) {
  if (auto refused = over_address_rate(call)) return *refused;
  if (auto refused = over_wrong_tokens(call)) return *refused;
  return not_signed_in(call.host);
}

std::optional<Response> check_right(Call& call) {
  const Right right = *call.route->right;
  const auto principal = identify(call.request, right, call.connection);
  if (!principal) return refuse_stranger(call);
  if (auto refused = over_account(call, *principal)) return refused;
  if (!allows(principal->role, right)) {
    return problem(403, principal->name + " has the role " + std::string(to_string(principal->role)) + ", which may not do this");
  }
  if (call.route->rule == Rule::whole && principal->scope.limited())
    return problem(403, principal->name + " is limited to some devices or kinds, and this tells of the whole gateway");
  call.principal = *principal;
  return std::nullopt;
}

/// What a browser can be made to send by a page that isn't ours, and what must not be in a URL, whoever asks.
std::optional<Response> check_address(const Call& call) {
  const Request& request = call.request;
  if (request.host.empty() ? request.chunks : !call.host.hosts().known(request.host)) {
    return problem(request.host.empty() ? 400 : 421,
                   "Host: this gateway goes by its addresses, localhost and its own name; add other names to server.hosts");
  }
  for (const auto& [name, value] : request.query) {
    if (name != "token" && name != "access_token" && name != "ticket") continue;
    return problem(
        400, name + ": a URL is logged on its way; send `Authorization: Bearer TOKEN`, or a ticket as WebSocket subprotocol");
  }
  return std::nullopt;
}

std::optional<Response> check_origin(const Call& call) {
  const Request& request = call.request;
  if (request.origin.empty() || !call.route->right) return std::nullopt;
  if (same_origin(request.origin, request.host, request.tls) || listed_origin(request.origin, call.host.options().origins))
    return std::nullopt;
  return problem(403, "Origin: pages of this origin may not ask; add it to server.origins");
}

std::optional<Response> check_query(const Call& call) {
  if (call.route->parameters == "*") return std::nullopt;
  const auto known = check_parameters(call.request, call.route->parameters);
  return known ? std::nullopt : std::optional(problem(known.error()));
}

std::optional<Response> check_page(const Call& call) {
  const Request& request = call.request;
  if (!writes(request.method) || call.connection.credential().kind == Credential::Kind::token) return std::nullopt;
  const Credential& credential = call.connection.credential();
  const bool by_cookie = call.route->right && credential.kind == Credential::Kind::session;
  if (!by_cookie && request.origin.empty() && request.fetch_site.empty()) return std::nullopt;  // no browser
  if (!from_own_page(request.origin, request.fetch_site, request.host, request.tls, call.host.options().origins))
    return problem(403, "a signed-in page may change things only from its own origin");
  if (credential.kind != Credential::Kind::session || same_hash(request.csrf_token, csrf_token_of(*credential.secret)))
    return std::nullopt;
  return problem(403, csrf_missing);
}

}  // namespace

std::optional<Principal> identify(const Request& request, Right needs, Connection& connection) {
  Credential credential;
  if (const auto token = bearer_token(request.authorization)) {
    credential = {Credential::Kind::token, needs, connection.host().same_text(*token)};
  } else if (const auto ticket = ticket_in(request)) {
    if (auto redeemed = connection.host().tickets().redeem(*ticket, connection.host().now())) credential = std::move(*redeemed);
  } else if (const auto secret = cookie_value(request.cookie, session_cookie)) {
    credential = {Credential::Kind::session, needs, connection.host().same_text(*secret)};
  } else if (!request.client_name.empty()) {
    credential = {Credential::Kind::certificate, needs, connection.host().same_text(request.client_name)};
  }
  connection.hold(credential);
  auto principal = connection.principal();
  if (!principal) return principal;
  credential.rights = mark_of(*principal);
  connection.hold(std::move(credential));
  return principal;
}

std::string over_token_rate(std::string_view principal, const ServerOptions& options) {
  return told(std::string(principal) + " may ask ", options.requests_per_second_per_token_max, " times a second",
              Refusal::requests_per_token, "slow down, or raise it");
}

std::optional<Response> admit(Call& call) {
  if (auto refused = over_connections(call)) return refused;
  if (auto refused = check_address(call)) {
    if (auto too_often = over_address_rate(call)) return too_often;
    return refused;
  }
  auto answer = find_route(call);
  const bool first = call.route != nullptr && call.route->rule == Rule::first;
  if ((answer || !call.route->right) && !first && call.host.access().first_start()) answer = not_signed_in(call.host);
  if (answer || !call.route->right) {
    if (auto refused = over_address_rate(call)) return refused;
    if (answer) return answer;
    call.connection.hold({});
  } else if (auto refused = check_right(call)) {
    return refused;
  }
  if (auto refused = check_page(call)) return refused;
  if (auto refused = check_origin(call)) return refused;
  return check_query(call);
}

AuditEntry audit_entry(const Call& call, std::string action, std::string target) {
  return {call.principal.name, call.connection.address(), std::move(action), std::move(target), "", "", ""};
}

std::string cors_headers(const Request& request, const ServerOptions& options) {
  if (options.origins.empty()) return "";
  if (!listed_origin(request.origin, options.origins)) return "Vary: Origin\r\n";
  return "Access-Control-Allow-Origin: " + request.origin +
         "\r\nAccess-Control-Expose-Headers: Weir-Cursor, Location, Retry-After\r\nVary: Origin\r\n";
}

}  // namespace weir::gateway
