#include "server/http/body.h"

#include <string>

#include "base/limits.h"
#include "server/http/problem.h"

namespace weir::gateway {
namespace {

constexpr std::uint64_t discarded_bytes_max = std::uint64_t{64} << 20U;  // a larger refused body: the connection ends

bool takes_a_body(Method method) { return method == Method::post || method == Method::put || method == Method::patch; }

}  // namespace

std::optional<Response> check_body(const Request& request, std::uint64_t& length) {
  if (!request.transfer_encoding.empty()) {
    return with_close(problem(411, "chunked requests are not taken: send Content-Length"));
  }
  const auto parsed = parse_content_length(request.content_length);
  if (!parsed) return with_close(problem(parsed.error()));
  length = *parsed;
  if (length == 0 && request.content_length.empty() && takes_a_body(request.method)) {
    return with_close(problem(411, "send Content-Length, also where it is 0"));
  }
  if (length <= limits::http_body_bytes_max) return std::nullopt;
  Response refused = problem(413, "a body may have " + std::to_string(limits::http_body_bytes_max) + " bytes: send less at once");
  refused.close = length > discarded_bytes_max;
  return refused;
}

}  // namespace weir::gateway
