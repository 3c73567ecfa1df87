#include "readers/mqtt/broker_address.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::firmware {
namespace {

constexpr int probe_ms = 2000;

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<AddressList> look_up(const BrokerAddress& address) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &list);
  if (code == 0) return AddressList(list, &freeaddrinfo);
  return Error{ErrorCode::not_found, "name not found: " + address.host + " (" + gai_strerror(code) +
                                         "); check the host in the url and the name server"};
}

/// IPv4 first, as brokers on "localhost" are often bound to it alone.
const addrinfo& preferred(const addrinfo& list) {
  for (const auto* one = &list; one != nullptr; one = one->ai_next)
    if (one->ai_family == AF_INET) return *one;
  return list;
}

std::string errno_words(int code, const std::string& where) {
  switch (code) {
    case 0: return {};
    case ECONNREFUSED: return "refused by " + where + ": no broker listens there; is it running, is the port right?";
    case ETIMEDOUT: return "no answer from " + where + ": is the host up, does a firewall drop it?";
    case ENETUNREACH:
    case EHOSTUNREACH: return "no route to " + where + ": is the network cable or Wi-Fi up?";
    default: return where + ": " + std::strerror(code);
  }
}

int finish_connect(int fd) {
  pollfd ready = {fd, POLLOUT, 0};
  if (poll(&ready, 1, probe_ms) <= 0) return ETIMEDOUT;
  int code = 0;
  socklen_t size = sizeof code;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

int try_connect(const addrinfo& to) {
  const int fd = socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  int code = connect(fd, to.ai_addr, to.ai_addrlen) == 0 ? 0 : errno;
  if (code == EINPROGRESS) code = finish_connect(fd);
  close(fd);
  return code;
}

}  // namespace

Result<BrokerAddress> BrokerAddress::parse(std::string_view url) {
  const Error wrong{ErrorCode::invalid, "url: '" + without_credentials(url) + "' is not mqtt://host:port or mqtts://host:port"};
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return wrong;
  const auto scheme = url.substr(0, scheme_end);
  if (scheme != "mqtt" && scheme != "mqtts") return wrong;
  auto rest = url.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find('/'));
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);

  BrokerAddress address;
  address.tls = scheme == "mqtts";
  address.port = address.tls ? "8883" : "1883";
  const auto bracket = rest.substr(0, 1) == "[" ? rest.find(']') : 0;
  if (bracket == std::string_view::npos) return wrong;
  const auto colon = rest.find(':', bracket);
  address.host = bracket > 0 ? rest.substr(1, bracket - 1) : rest.substr(0, colon);
  if (colon != std::string_view::npos) address.port = rest.substr(colon + 1);
  if (address.host.empty() || address.port.empty()) return wrong;
  return address;
}

std::string BrokerAddress::text() const { return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port; }

Result<std::string> BrokerAddress::resolve() const {
  auto list = look_up(*this);
  if (!list) return list.error();
  if (tls) return "ssl://" + text();  // the certificate is checked against the name
  const auto& to = preferred(**list);
  char numeric[NI_MAXHOST] = {};
  if (getnameinfo(to.ai_addr, to.ai_addrlen, numeric, sizeof numeric, nullptr, 0, NI_NUMERICHOST) != 0) return "tcp://" + text();
  return "tcp://" + BrokerAddress{false, numeric, port}.text();
}

std::string BrokerAddress::why_no_connection() const {
  auto list = look_up(*this);
  if (!list) return list.error().message;
  return errno_words(try_connect(preferred(**list)), text());
}

std::string BrokerAddress::why_unreachable() const {
  auto words = why_no_connection();
  if (!words.empty()) return words;
  if (tls) return "TLS failed with " + text() + ": check ca, certificate, key, and that the certificate names this host";
  return text() + " accepts connections but doesn't speak MQTT: is the port right, does it want mqtts://?";
}

std::string without_credentials(std::string_view url) {
  const auto scheme_end = url.find("://");
  const auto begin = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
  const auto host_end = url.find('/', begin);
  const auto at = url.substr(0, host_end).rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(url);
  return std::string(url.substr(0, begin)) + std::string(url.substr(at + 1));
}

std::string connack_words(int code) {
  switch (code) {
    case 1:
    case 0x84: return "the broker doesn't speak this MQTT version: set version to 3.1.1 or 5";
    case 2:
    case 0x85: return "the broker refuses the client id: set another client_id";
    case 3:
    case 0x88: return "the broker says that it is unavailable";
    case 4:
    case 0x86: return "bad user name or password";
    case 5:
    case 0x87: return "not authorised: check user name, password and the broker's access rules";
    case 0x8A: return "the broker has banned this client";
    case 0x8C: return "bad authentication method";
    case 0x97: return "quota exceeded at the broker";
    case 0x9C:
    case 0x9D: return "the broker says to use another server: change the url";
    case 0x9F: return "the broker limits the connection rate";
    default: return {};
  }
}

}  // namespace weir::firmware
