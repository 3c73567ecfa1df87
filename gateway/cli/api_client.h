// ApiClient: HTTP and HTTPS to a running gateway (cpp-httplib behind it).
//
// Purpose    what the commands that ask a running gateway share: where, with which right, and errors for people.
// Thread     main thread only.
// Ownership  owns its connection, which is kept open between requests.
// Limits     an answer of 64 MiB; 5 s to connect, 30 s without a byte (a stream: 45 s, its heartbeat comes each 15 s).
// Errors     `unavailable` where there is no answer; `unauthorised`, `not_found`, `full` or `invalid` after the gateway's
//            own words (RFC 9457 problem).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "cli/command.h"

namespace weir::gateway::cli {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// "/v1/stream" and its parameters, percent-encoded.
std::string target(std::string_view path, const Parameters& parameters);
std::string percent_encoded(std::string_view text);

struct Answer {
  int status = 0;
  std::string body;
};

class ApiClient {
 public:
  /// From --url, --token, --ca and the environment.
  static Result<std::unique_ptr<ApiClient>> open(const Arguments& arguments, Environment& environment);
  virtual ~ApiClient() = default;

  virtual Result<Answer> get(const std::string& target) = 0;
  /// Anything that has an end, piece by piece. `unavailable` where it broke off: what came is not whole then.
  virtual Result<Answer> download(const std::string& target, const std::string& media_type,
                                  const std::function<bool(std::string_view)>& take) = 0;
  virtual Result<Answer> post(const std::string& target, const std::string& json, std::chrono::seconds patience) = 0;

  /// Server-sent events as bytes, until the gateway or `take` (by false) ends it.
  virtual Result<Answer> events(const std::string& target, const std::string& last_event_id,
                                const std::function<bool(std::string_view)>& take) = 0;
};

/// An answer's JSON object, which has this `member`; `what` it would be: "history". Anything but a gateway answers otherwise.
Result<nlohmann::ordered_json> json_of(const Result<Answer>& answer, const char* member, const char* what);

/// The filter and the start that `record_options` of the table offer.
Parameters record_parameters(const Arguments& arguments);

}  // namespace weir::gateway::cli
