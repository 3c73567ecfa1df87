#include "server/http/problem.h"

#include <random>

#include "base/json.h"

namespace weir::gateway {

std::string problem_json(unsigned status, std::string_view detail) {
  std::string out = R"({"type":"about:blank","title":)";
  append_json_string(out, reason_phrase(status));
  out += R"(,"status":)" + std::to_string(status) + R"(,"detail":)";
  append_json_string(out, detail);
  return out += '}';
}

Response problem(unsigned status, std::string_view detail) {
  Response response;
  response.status = status;
  response.body = problem_json(status, detail);
  response.with("Content-Type", "application/problem+json");
  if (status == 401) response.with("WWW-Authenticate", "Bearer realm=\"weir\"");  // RFC 9110 section 15.5.2
  return response;
}

Response problem(const Error& error) {
  const unsigned status = status_of(error.code);
  if (status == 429 || status == 503) return busy(status, error.message, std::chrono::seconds{1});
  return problem(status, error.message);
}

Response busy(unsigned status, std::string_view detail, std::chrono::seconds retry_after) {
  Response response = problem(status, detail);
  response.with("Retry-After", std::to_string(retry_after.count()));
  return response;
}

std::chrono::seconds retry_between(unsigned least, unsigned most) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::seconds{std::uniform_int_distribution<unsigned>{least, most}(random)};
}

unsigned status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid: return 400;
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict: return 409;
    case ErrorCode::unauthorised: return 403;
    case ErrorCode::full:
    case ErrorCode::timed_out:
    case ErrorCode::unavailable:
    case ErrorCode::io: return 503;
  }
  return 500;
}

}  // namespace weir::gateway
