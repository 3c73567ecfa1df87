#include "server/dispatch.h"

#include <algorithm>
#include <string>

#include "server/http/origin.h"
#include "server/http/route.h"

namespace weir::gateway {
namespace {

constexpr std::string_view session_cookie = "weir_session";

std::optional<Response> over_limit(Call& call) {
  const ServerOptions& options = call.host.options();
  if (call.host.connections().size() > options.connections_max) {
    ++call.host.counters().connections_refused;
    return busy(503, "the gateway serves as many connections as it may: try again later", std::chrono::seconds{5});
  }
  if (!call.connection.loopback() && call.host.connections_at(call.connection.peer()) > options.connections_per_address_max) {
    ++call.host.counters().connections_refused;
    return busy(429, "too many connections from this address: close some", std::chrono::seconds{5});
  }
  return std::nullopt;
}

Response not_allowed(const std::string& allowed) { return problem(405, "this path takes " + allowed).with("Allow", allowed); }

Response preflight(const std::string& allowed, const Request& request, const ServerOptions& options) {
  Response response = empty_response(204);
  response.with("Allow", allowed);
  if (!listed_origin(request.origin, options.origins)) return response;
  return response.with("Access-Control-Allow-Methods", allowed)
      .with("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID")
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

std::optional<Response> check_right(Call& call) {
  const Right right = *call.route->right;
  const auto principal = identify(call.request, right, call.connection);
  if (!principal) {
    return problem(401, "send `Authorization: Bearer TOKEN` (weir token add), or sign in")
        .with("WWW-Authenticate", "Bearer realm=\"weir\"");
  }
  if (!allows(principal->role, right)) {
    return problem(403, principal->name + " has the role " + std::string(to_string(principal->role)) + ", which may not do this");
  }
  call.principal = *principal;
  return std::nullopt;
}

std::optional<Response> check_page(const Call& call) {
  const Request& request = call.request;
  if (!writes(request.method) || call.connection.credential().kind == Credential::Kind::token) return std::nullopt;
  if (!call.route->right && request.origin.empty() && request.fetch_site.empty()) return std::nullopt;  // no browser
  if (from_own_page(request.origin, request.fetch_site, request.host, request.tls, call.host.options().origins))
    return std::nullopt;
  return problem(403, "a signed-in page may change things only from its own origin");
}

}  // namespace

std::optional<Principal> identify(const Request& request, Right needs, Connection& connection) {
  connection.hold({});
  if (const auto token = bearer_token(request.authorization)) {
    connection.hold({Credential::Kind::token, std::string(*token), needs});
  } else if (const auto secret = cookie_value(request.cookie, session_cookie)) {
    connection.hold({Credential::Kind::session, std::string(*secret), needs});
  }
  return connection.principal();
}

std::optional<Response> admit(Call& call) {
  if (auto refused = over_limit(call)) {
    refused->close = true;
    return refused;
  }
  if (auto answer = find_route(call)) return answer;
  if (call.route->right) {
    if (auto refused = check_right(call)) return refused;
  } else {
    call.connection.hold({});
  }
  return check_page(call);
}

std::string cors_headers(const Request& request, const ServerOptions& options) {
  if (options.origins.empty()) return "";
  if (!listed_origin(request.origin, options.origins)) return "Vary: Origin\r\n";
  return "Access-Control-Allow-Origin: " + request.origin +
         "\r\nAccess-Control-Expose-Headers: Weir-Cursor, Location, Retry-After\r\nVary: Origin\r\n";
}

}  // namespace weir::gateway
