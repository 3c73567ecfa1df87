#include "server/http/hosts.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>

namespace weir::gateway {
namespace {

bool is_address(const std::string& text, int family) {
  in6_addr room{};
  return ::inet_pton(family, text.c_str(), &room) == 1;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == text.npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

std::string own_name() {
  char name[256] = "";
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

Hosts::Hosts(const std::vector<std::string>& hosts, const std::vector<std::string>& origins) {
  add("localhost");
  if (const std::string name = own_name(); !name.empty()) {
    add(name);
    add(name + ".local");
  }
  for (const auto& host : hosts) add(host);
  for (const std::string_view origin : origins) {
    const auto begin = origin.find("://");
    const auto host = begin == origin.npos ? origin : origin.substr(begin + 3);
    add(host.substr(0, host.rfind(':')));
  }
}

void Hosts::add(std::string_view name) { names_.push_back(lower(name)); }

bool Hosts::known(std::string_view host) const {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    const auto rest = end == host.npos ? std::string_view("?") : host.substr(end + 1);
    return is_address(std::string(host.substr(1, end - 1)), AF_INET6) &&
           (rest.empty() || (rest[0] == ':' && is_port(rest.substr(1))));
  }
  const auto colon = host.find(':');
  if (colon != host.npos && !is_port(host.substr(colon + 1))) return false;
  std::string name = lower(host.substr(0, colon));
  if (name.ends_with('.')) name.pop_back();
  return is_address(name, AF_INET) || name.ends_with(".localhost") ||
         std::find(names_.begin(), names_.end(), name) != names_.end();
}

}  // namespace weir::gateway
