// Hosts: the names that this gateway goes by. RFC 9110 section 7.2.
//
// Purpose    against DNS rebinding: a page of evil.example whose name is made to point here is of its own origin for the
//            browser, but its requests still name evil.example. An address can't be rebound: all addresses are ours.
// Thread     made once, then read by the server's thread.
// Ownership  owns its names.
// Limits     those of the configuration.
// Errors     bool answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::gateway {

class Hosts {
 public:
  /// The computer's own name, server.hosts and the hosts of server.origins.
  Hosts(const std::vector<std::string>& hosts, const std::vector<std::string>& origins);

  /// Of a Host header, with its port or without.
  bool known(std::string_view host) const;

 private:
  void add(std::string_view name);
  std::vector<std::string> names_;  // in lower case
};

}  // namespace weir::gateway
