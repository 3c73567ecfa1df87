#include <nlohmann/json.hpp>

#include "base/json.h"
#include "server/handlers/handlers.h"

namespace weir::gateway {
namespace {

/// Without a path it belongs to where it was made (RFC 6265 section 5.1.4): also behind a prefix that only the proxy knows. The
/// page's origin tells of TLS that ends at a proxy.
std::string cookie(std::string_view secret, const Request& request) {
  const bool secure = request.tls || request.origin.starts_with("https://");
  return "weir_session=" + std::string(secret) + "; HttpOnly; SameSite=Strict" + (secure ? "; Secure" : "");
}

std::string describe(const Principal& principal) {
  std::string body = R"({"name":)";
  append_json_string(body, principal.name);
  body += R"(,"role":)";
  append_json_string(body, to_string(principal.role));
  return body += '}';
}

Response refuse(Host& host, const Error& error) {
  if (error.code != ErrorCode::full) return problem(error.code == ErrorCode::unauthorised ? 401 : 503, error.message);
  host.counters().refusals.count(Refusal::sign_in);
  return busy(429, error.message, std::max(host.access().redeem_wait(), std::chrono::seconds{1}));
}

}  // namespace

Outcome show_session(Call& call) { return json_response(200, describe(call.principal)); }

Outcome sign_in(Call& call) {
  const auto body = parse_json(call.request.body);
  if (!body) return problem(body.error());
  const auto code = body->find("code");
  if (!body->is_object() || code == body->end() || !code->is_string())
    return problem(400, "send {\"code\":\"1234-5678\"}, from `weir pair`");
  Access& access = call.host.access();
  const auto secret = access.redeem(code->get<std::string>());
  if (!secret) return refuse(call.host, secret.error());
  const auto principal = access.by_session(*secret);
  if (!principal) return problem(503, "the session ended at once: try again");
  return json_response(200, describe(*principal)).with("Set-Cookie", cookie(*secret, call.request));
}

Outcome sign_out(Call& call) {
  if (const auto secret = cookie_value(call.request.cookie, "weir_session")) {
    const auto ended = call.host.access().end_session(*secret);
    if (!ended && ended.error().code != ErrorCode::not_found) return problem(ended.error());
  }
  return empty_response(204).with("Set-Cookie", cookie("", call.request) + "; Max-Age=0");
}

}  // namespace weir::gateway
