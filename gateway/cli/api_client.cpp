#include "cli/api_client.h"

#include <httplib.h>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace weir::gateway::cli {
namespace {

constexpr std::size_t answer_bytes_max = std::size_t{64} * 1024 * 1024;

struct Place {
  std::string origin;  // "http://127.0.0.1:8080"
  std::string prefix;  // of a proxy: "/plant"
};

Result<Place> parse_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::string name = url.substr(0, scheme);
  if (scheme == std::string::npos || (name != "http" && name != "https")) {
    return Error{ErrorCode::invalid, "\"" + url + "\" is not a gateway's address: write http://host:port or https://host:port"};
  }
  const std::size_t slash = url.find('/', scheme + 3);
  std::string prefix = slash == std::string::npos ? "" : url.substr(slash);
  while (prefix.ends_with('/')) prefix.pop_back();
  return Place{url.substr(0, slash), prefix};
}

ErrorCode code_of(int status) {
  switch (status) {
    case 401:
    case 403: return ErrorCode::unauthorised;
    case 404: return ErrorCode::not_found;
    case 409: return ErrorCode::conflict;
    case 429:
    case 503: return ErrorCode::full;
    default: return status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid;
  }
}

/// The gateway's own words, where it sent any.
Error problem_of(int status, const std::string& body) {
  std::string detail;
  if (const auto problem = parse_json(body); problem && problem->is_object()) {
    for (const char* member : {"detail", "title"}) {
      if (detail.empty() && problem->contains(member) && problem->at(member).is_string())
        detail = problem->at(member).get<std::string>();
    }
  }
  if (detail.empty() && status == 401) detail = "the token is unknown or was revoked";
  if (detail.empty()) detail = "no reason given";
  return {code_of(status), "the gateway answered " + std::to_string(status) + ": " + detail};
}

class HttpClient final : public ApiClient {
 public:
  HttpClient(Place place, std::string token, const std::string& ca) : place_(std::move(place)), client_(place_.origin) {
    client_.set_default_headers({{"Authorization", "Bearer " + token}});
    client_.set_connection_timeout(5);
    client_.set_read_timeout(30);
    client_.set_keep_alive(true);
    if (!ca.empty()) client_.set_ca_cert_path(ca);
  }

  bool valid() const { return client_.is_valid(); }

  Result<Answer> get(const std::string& target) override { return receive(target, {{"Accept", "application/json"}}, nullptr); }

  Result<Answer> download(const std::string& target, const std::string& media_type,
                          const std::function<bool(std::string_view)>& take) override {
    return receive(target, {{"Accept", media_type}}, take);
  }

  Result<Answer> post(const std::string& target, const std::string& json, std::chrono::seconds patience) override {
    client_.set_read_timeout(patience + std::chrono::seconds(30));
    const auto result = client_.Post(place_.prefix + target, json, "application/json");
    client_.set_read_timeout(30);
    if (!result) return no_answer(result.error());
    if (result->status >= 400) return problem_of(result->status, result->body);
    return Answer{result->status, result->body};
  }

  Result<Answer> events(const std::string& target, const std::string& last_event_id,
                        const std::function<bool(std::string_view)>& take) override {
    httplib::Headers headers = {{"Accept", "text/event-stream"}, {"Cache-Control", "no-cache"}};
    if (!last_event_id.empty()) headers.emplace("Last-Event-ID", last_event_id);
    client_.set_read_timeout(45);
    return receive(target, headers, take);
  }

 private:
  /// The body goes to `take` where there is one and the status is 200; else into the answer.
  Result<Answer> receive(const std::string& target, const httplib::Headers& headers,
                         const std::function<bool(std::string_view)>& take) {
    Answer answer;
    bool stopped = false;
    const auto result = client_.Get(
        place_.prefix + target, headers,
        [&](const httplib::Response& response) {
          answer.status = response.status;
          return true;
        },
        [&](const char* data, std::size_t size) {
          if (take && answer.status == 200) {
            stopped = !take({data, size});
            return !stopped;
          }
          answer.body.append(data, size);
          return answer.body.size() <= answer_bytes_max;
        });
    if (stopped) return answer;
    if (answer.body.size() > answer_bytes_max) return Error{ErrorCode::full, "the answer is larger than 64 MiB: ask for less"};
    if (!result && answer.status == 200) return broken_off(result.error());
    if (!result) return no_answer(result.error());
    if (result->status >= 400) return problem_of(result->status, answer.body);
    return answer;
  }

  Error broken_off(httplib::Error error) const {
    return {ErrorCode::unavailable, place_.origin + " broke off its answer (" + httplib::to_string(error) + ")"};
  }

  Error no_answer(httplib::Error error) const {
    return {ErrorCode::unavailable, place_.origin + " does not answer (" + httplib::to_string(error) +
                                        "): does the gateway run, and is this its address?"};
  }

  const Place place_;
  httplib::Client client_;
};

std::string from_environment(const Environment& environment, const char* name) {
  const char* value = environment.variable(name);
  return value == nullptr ? "" : value;
}

bool is_header_text(const std::string& token) {
  return !token.empty() && std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                       c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4U];
      out += "0123456789ABCDEF"[byte & 15U];
    }
  }
  return out;
}

std::string target(std::string_view path, const Parameters& parameters) {
  std::string out(path);
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    out += separator + name + "=" + percent_encoded(value);
    separator = '&';
  }
  return out;
}

Result<nlohmann::ordered_json> json_of(const Result<Answer>& answer, const char* member, const char* what) {
  if (!answer) return answer.error();
  auto json = nlohmann::ordered_json::parse(answer->body, nullptr, false);
  if (json.is_object() && json.contains(member)) return json;
  return Error{ErrorCode::invalid, std::string("the answer is no ") + what + ": is this a gateway's address?"};
}

Result<std::unique_ptr<ApiClient>> ApiClient::open(const Arguments& arguments, Environment& environment) {
  std::string url = arguments.get("url", from_environment(environment, "WEIR_URL"));
  if (url.empty()) url = "http://127.0.0.1:8080";
  const std::string token = arguments.get("token", from_environment(environment, "WEIR_TOKEN"));
  if (token.empty()) {
    return Error{ErrorCode::invalid, "no token: set WEIR_TOKEN to one that `weir token add` makes"};
  }
  if (!is_header_text(token)) return Error{ErrorCode::invalid, "the token has a character that no token has: copy it again"};
  auto place = parse_url(url);
  if (!place) return place.error();
  auto client = std::make_unique<HttpClient>(std::move(*place), token, arguments.get("ca"));
  if (!client->valid())
    return Error{ErrorCode::invalid, "\"" + url + "\" is not a gateway's address, or --ca is not a certificate"};
  return std::unique_ptr<ApiClient>(std::move(client));
}

Parameters record_parameters(const Arguments& arguments) {
  Parameters parameters;
  for (const char* name : {"devices", "metrics", "kinds", "after", "since", "until"}) {
    if (arguments.has(name)) parameters.emplace_back(name, arguments.get(name));
  }
  return parameters;
}

}  // namespace weir::gateway::cli
