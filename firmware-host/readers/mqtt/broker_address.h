// BrokerAddress: where the broker is, and in a technician's words why it isn't reached.
//
// Purpose    the url in parts, its name resolved, and a look at the TCP port when Paho only says "failed".
// Thread     resolve() and why_…() block: worker only.
// Limits     why_…() at most 2 s beside the lookup; resolve() as long as the system's resolver.
// Errors     what, where (host and port) and what to do.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::firmware {

struct BrokerAddress {
  bool tls = false;
  std::string host;
  std::string port;

  /// mqtt://host[:1883] or mqtts://host[:8883]; [v6] in brackets. A user name in it is not taken.
  static Result<BrokerAddress> parse(std::string_view url);

  std::string text() const;  // "broker.local:1883"
  /// The url for Paho. Without TLS the name is resolved here, for Paho would do it with all its clients locked.
  Result<std::string> resolve() const;
  /// Tries the TCP port; empty: it takes connections.
  std::string why_no_connection() const;
  /// The same, and what it may be where the port takes connections; never empty.
  std::string why_unreachable() const;
};

/// The url without user name and password, for people.
std::string without_credentials(std::string_view url);

/// A CONNACK code of MQTT 3.1.1 section 3.2.2.3 or 5.0 section 3.2.2.2, in words; empty: not one that says something.
std::string connack_words(int code);

}  // namespace weir::firmware
