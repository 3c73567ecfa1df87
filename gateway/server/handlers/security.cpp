// /.well-known/security.txt (RFC 9116): whom to tell of a hole. For anybody.
#include <algorithm>
#include <chrono>

#include "server/handlers/handlers.h"

#ifndef WEIR_BUILD_TIME
#define WEIR_BUILD_TIME 0
#endif

namespace weir::gateway {
namespace {

constexpr std::chrono::days validity{364};  // section 2.5.5: less than a year

constexpr std::string_view policy =
    "Nobody has named a contact for this gateway: server.security_contact of its configuration is empty.\n"
    "\n"
    "Tell a hole in how it is set up or used to whoever runs it, in person or by the contact of the place where it stands.\n"
    "Tell a hole in Weir itself to its maintainers, privately: .github/SECURITY.md in the source that it was built from says "
    "how.\n";

Response text(std::string body) {
  Response response;
  response.body = std::move(body);
  return response.with("Content-Type", "text/plain; charset=utf-8");
}

/// It says what the configuration says now, so it is as fresh as this answer. A board whose clock is not set knows at least
/// that it is not older than its program.
Timestamp expires(Timestamp now) {
  const Timestamp built{std::chrono::seconds(WEIR_BUILD_TIME)};
  return std::chrono::floor<std::chrono::days>(std::max(now, built)) + validity;
}

}  // namespace

Outcome security_txt(Call& call) {
  const std::string here = (call.request.tls ? "https://" : "http://") + call.request.host + "/.well-known/";
  const std::string& named = call.host.options().security_contact;
  return text("Contact: " + (named.empty() ? here + "security-policy.txt" : named) +
              "\nExpires: " + format_time(expires(call.host.clock().wall())) + "\nPreferred-Languages: en, ko\n");
}

Outcome security_policy(Call& call) {
  const std::string& named = call.host.options().security_contact;
  return text(named.empty() ? std::string(policy) : "Tell a hole in this gateway's security to " + named + "\n");
}

}  // namespace weir::gateway
