// Dispatch: from a request to a handler.
//
// Purpose    the table of routes, and every check that comes before a handler runs: limits, route, credential, right, page.
// Thread     the server's.
// Ownership  a Call lives until its handler has returned.
// Limits     those on connections and requests of the options; rates.h.
// Errors     refused requests get a problem: 401 with WWW-Authenticate, 403, 404, 405 with Allow, 429 or 503 with Retry-After.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "access/access.h"
#include "server/http/problem.h"
#include "server/http/request.h"
#include "server/loop/connection.h"
#include "server/loop/exchange.h"
#include "server/loop/host.h"

namespace weir::gateway {

struct Route;

struct Call {
  Host& host;
  Connection& connection;
  Request request;
  Principal principal;
  const Route* route = nullptr;
};

/// An answer, or what will give one.
using Outcome = std::variant<Response, std::unique_ptr<Exchange>>;

enum class Rule : std::uint8_t {
  none,
  whole,  // tells of the whole gateway: not for a token that is limited to some of it
  first,  // answers also before anybody has rights
};

struct Route {
  Method method;
  std::string_view pattern;
  std::optional<Right> right;  // nothing: no credential is needed
  Outcome (*handle)(Call& call);
  std::string_view parameters = "";  // "device,state": others are refused; "*": the handler looks at them itself
  Rule rule = Rule::none;
};
std::span<const Route> routes();  // routes.cpp

/// Before the body: sets route, subject, principal and the connection's credential, or says why not.
std::optional<Response> admit(Call& call);

/// The principal of the request's credential, which is left with the connection.
std::optional<Principal> identify(const Request& request, Right needs, Connection& connection);

/// Who, from where: a row of the audit, to be filled in.
AuditEntry audit_entry(const Call& call, std::string action, std::string target);

/// What a session's page that doesn't show its CSRF token is told.
inline constexpr std::string_view csrf_missing = "X-CSRF-Token: send the csrf_token of GET /v1/session with each change";

/// What whoever asks too often is told.
std::string over_token_rate(std::string_view principal, const ServerOptions& options);

/// Headers that let a listed origin's pages read the answer; empty for everybody else.
std::string cors_headers(const Request& request, const ServerOptions& options);

}  // namespace weir::gateway
