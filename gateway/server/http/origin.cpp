#include "server/http/origin.h"

#include <algorithm>

#include "server/http/request.h"

namespace weir::gateway {
namespace {

std::string_view without_port(std::string_view host, std::string_view port) {
  return host.ends_with(port) ? host.substr(0, host.size() - port.size()) : host;
}

}  // namespace

bool same_origin(std::string_view origin, std::string_view host, bool tls) {
  const std::string_view scheme = tls ? "https://" : "http://";
  const std::string_view port = tls ? ":443" : ":80";
  if (host.empty() || !origin.starts_with(scheme)) return false;
  return equals_ignoring_case(without_port(origin.substr(scheme.size()), port), without_port(host, port));
}

bool listed_origin(std::string_view origin, const std::vector<std::string>& origins) {
  return std::find(origins.begin(), origins.end(), origin) != origins.end();
}

bool from_own_page(std::string_view origin, std::string_view fetch_site, std::string_view host, bool tls,
                   const std::vector<std::string>& origins) {
  if (!origin.empty()) return same_origin(origin, host, tls) || listed_origin(origin, origins);
  return fetch_site == "same-origin";
}

}  // namespace weir::gateway
