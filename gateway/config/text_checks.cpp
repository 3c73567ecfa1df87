#include "config/text_checks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.h"
#include "base/text.h"
#include "decoders/decoder.h"

namespace weir::gateway {
namespace {

constexpr std::size_t topic_bytes_max = 65'535;

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

bool is_ip(const std::string& host, int family) {
  std::array<unsigned char, 16> address{};
  return ::inet_pton(family, host.c_str(), address.data()) == 1;
}

struct HostPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

/// "host", "host:port", "[v6]", "[v6]:port".
std::optional<HostPort> split_host_port(std::string_view text) {
  std::size_t end = text.find(':');
  std::string_view host = text.substr(0, end);
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    host = text.substr(1, bracket - 1);
    if (!is_ip(std::string(host), AF_INET6)) return std::nullopt;
    text.remove_prefix(bracket + 1);
    end = text.empty() ? std::string_view::npos : 0;
    if (!text.empty() && text[0] != ':') return std::nullopt;
  }
  if (host.empty()) return std::nullopt;
  if (end == std::string_view::npos) return HostPort{host, std::nullopt};
  return HostPort{host, text.substr(end + 1)};
}

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
           c == ':';
  });
}

/// A host and a port from 1, after a scheme.
bool is_authority(std::string_view text) {
  const auto parts = split_host_port(text);
  if (!parts || !is_host(parts->host)) return false;
  if (!parts->port) return true;
  const auto port = whole_number<std::uint16_t>(*parts->port);
  return port && *port > 0;
}

MaybeComplaint check_topic_text(std::string_view text) {
  if (text.empty()) return Complaint{"is empty", "write a topic such as \"sensors/+/+\""};
  if (text.size() > topic_bytes_max) return Complaint{"is longer than 65535 bytes", "shorten it: MQTT allows no more"};
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
    return Complaint{"is not UTF-8, or has a zero byte", "MQTT allows neither: write the topic again"};
  }
  return std::nullopt;
}

struct SizeUnit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array<SizeUnit, 9> size_units = {{{"TiB", std::uint64_t{1} << 40U},
                                                 {"TB", 1'000'000'000'000},
                                                 {"GiB", 1U << 30U},
                                                 {"GB", 1'000'000'000},
                                                 {"MiB", 1U << 20U},
                                                 {"MB", 1'000'000},
                                                 {"KiB", 1024},
                                                 {"kB", 1000},
                                                 {"B", 1}}};

}  // namespace

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto wrong = [&](const char* why) { return Error{ErrorCode::invalid, quoted(text) + " " + why}; };
  const auto parts = split_host_port(text);
  if (!parts) return wrong("is not an address and a port");
  const std::string host(parts->host);
  if (!is_ip(host, text.starts_with('[') ? AF_INET6 : AF_INET)) return wrong("does not begin with an IP address");
  if (!parts->port) return wrong("has no port");
  const auto port = whole_number<std::uint16_t>(*parts->port);
  if (!port) return wrong("has no port from 0 to 65535");
  return ListenAddress{host, *port};
}

std::string to_string(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

Result<std::uint64_t> parse_size(std::string_view text) {
  if (text == "0") return std::uint64_t{0};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = whole_number<std::uint64_t>(text.substr(0, digits));
  for (const SizeUnit& unit : size_units) {
    if (!number || unit.name != text.substr(digits)) continue;
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(*number, unit.bytes, &bytes)) break;
    return bytes;
  }
  return Error{ErrorCode::invalid, quoted(text) + " is not a size"};
}

std::string format_size(std::uint64_t bytes) {
  if (bytes == 0) return "0";
  std::string shortest = std::to_string(bytes) + "B";
  for (const SizeUnit& unit : size_units) {
    if (bytes % unit.bytes != 0) continue;
    std::string text = std::to_string(bytes / unit.bytes) + std::string(unit.name);
    if (text.size() < shortest.size()) shortest = std::move(text);
  }
  return shortest;
}

MaybeComplaint check_listen(std::string_view text) {
  const auto address = parse_listen(text);
  if (address) return std::nullopt;
  return Complaint{address.error().message, "write an IP address and a port, as \"127.0.0.1:8080\" or \"[::1]:8080\""};
}

MaybeComplaint check_origin(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme) && is_authority(text.substr(scheme.size()))) return std::nullopt;
  }
  return Complaint{quoted(text) + " is not an origin",
                   "write it as browsers do: \"https://host\" or \"https://host:port\", nothing after it"};
}

MaybeComplaint check_host(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  if (plain && !text.empty() && text.size() <= 253) return std::nullopt;
  return Complaint{quoted(text) + " is not a host name",
                   "write the name alone, without scheme, port or path: \"gateway.example\""};
}

MaybeComplaint check_contact(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  for (const std::string_view scheme : {"mailto:", "https://", "tel:"}) {
    if (plain && text.starts_with(scheme) && text.size() > scheme.size()) return std::nullopt;
  }
  return Complaint{quoted(text) + " is not a contact", "write \"mailto:…\", \"https://…\" or \"tel:…\""};
}

MaybeComplaint check_name(std::string_view text) {
  if (is_name(text)) return std::nullopt;
  return Complaint{"is not a name", "write 1 to " + std::to_string(limits::name_bytes_max) + " bytes without control characters"};
}

MaybeComplaint check_reader_name(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  if (plain && !text.empty() && text.size() <= 64) return std::nullopt;
  return Complaint{quoted(text) + " is not a reader's name", "write 1 to 64 letters, digits, '-', '_' or '.'"};
}

MaybeComplaint check_mqtt_url(std::string_view text) {
  const std::string remedy = "write mqtt://host:port, or mqtts://host:port for TLS";
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return Complaint{quoted(text) + " has no scheme", remedy};
  const std::string_view scheme = text.substr(0, scheme_end), rest = text.substr(scheme_end + 3);
  if (scheme != "mqtt" && scheme != "mqtts") return Complaint{"\"" + std::string(scheme) + "://\" is not MQTT", remedy};
  if (rest.find('@') != std::string_view::npos) {
    return Complaint{"a name or password stands in the url", "move them to username and password: urls are logged"};
  }
  if (!is_authority(rest)) return Complaint{quoted(text) + " is not a host and a port", remedy + ", nothing after it"};
  return std::nullopt;
}

MaybeComplaint check_filter(std::string_view text) {
  if (auto fault = check_topic_text(text)) return fault;
  const auto levels = split(text, '/');
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const std::string_view level = levels[i];
    const bool wild = level.find_first_of("+#") != std::string_view::npos;
    if (wild && level.size() > 1) {
      return Complaint{"the level " + quoted(level) + " mixes a wildcard with text", "+ and # stand alone between slashes"};
    }
    if (level == "#" && i + 1 < levels.size()) return Complaint{"# is not the last level", "put # at the end, or use + here"};
  }
  return std::nullopt;
}

MaybeComplaint check_publish(std::string_view text) {
  if (auto fault = check_topic_text(text)) return fault;
  if (text.find_first_of("+#") != std::string_view::npos) {
    return Complaint{"has a wildcard, and nothing can be published to one",
                     "write the topic with {device} in the device's place"};
  }
  const std::size_t at = text.find("{device}");
  if (at == std::string_view::npos) {
    return Complaint{"has no {device}: every device would get every command", "write it as \"sensors/{device}/commands\""};
  }
  std::string rest = std::string(text.substr(0, at)) + std::string(text.substr(at + 8));
  constexpr std::string_view command = "/{command}";
  if (const auto own = rest.find(command); own != std::string::npos) rest.erase(own, command.size());
  if (rest.find_first_of("{}") != std::string::npos)
    return Complaint{"has braces beside one {device}", "only one {device} and one level {command} are replaced"};
  return std::nullopt;
}

MaybeComplaint check_pointer(std::string_view text) {
  if (!text.starts_with('/'))
    return Complaint{quoted(text) + " is not a JSON pointer", "begin it with '/', as \"/values/temperature\""};
  for (std::size_t at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
    if (at + 1 < text.size() && (text[at + 1] == '0' || text[at + 1] == '1')) continue;
    return Complaint{"the JSON pointer has a '~' of its own", "write ~0 for '~' and ~1 for '/' (RFC 6901)"};
  }
  return std::nullopt;
}

MaybeComplaint check_template(std::string_view text) {
  if (text.starts_with('/')) return check_pointer(text);
  if (auto fault = check_name(text)) return fault;
  for (std::size_t at = 0; (at = text.find_first_of("{}", at)) != std::string_view::npos; ++at) {
    const std::size_t end = text.find('}', at);
    const bool closed = text[at] == '{' && end != std::string_view::npos;
    const auto number = closed ? whole_number<unsigned>(text.substr(at + 1, end - at - 1)) : std::nullopt;
    if (!number || *number == 0)
      return Complaint{"has braces that are not {N}", "write {1} for the first wildcard level of the filter"};
    at = end;
  }
  return std::nullopt;
}

MaybeComplaint check_unit(std::string_view text) {
  if (text.starts_with('/')) return check_pointer(text);
  if (is_utf8(text) && !text.empty() && text.size() <= limits::unit_bytes_max) return std::nullopt;
  return Complaint{"is not a unit", "write a SenML unit, as \"Cel\", \"%RH\" or \"Pa\" (RFC 8428)"};
}

namespace {

MaybeComplaint check_one_of(std::string_view text, const std::vector<std::string_view>& known) {
  if (std::find(known.begin(), known.end(), text) != known.end()) return std::nullopt;
  std::string list;
  for (const std::string_view name : known) list += (list.empty() ? "" : ", ") + std::string(name);
  const std::string_view meant = nearest(text, known);
  return Complaint{quoted(text) + " is not a format",
                   meant.empty() ? "known are " + list : "did you mean " + quoted(meant) + "?"};
}

}  // namespace

MaybeComplaint check_decode(std::string_view text) { return check_one_of(text, firmware::decoder_names()); }

MaybeComplaint check_serial_decode(std::string_view text) {
  auto known = firmware::decoder_names();
  known.emplace_back("wire");
  return check_one_of(text, known);
}

unsigned wildcards(std::string_view filter) {
  const auto levels = split(filter, '/');
  return static_cast<unsigned>(
      std::count_if(levels.begin(), levels.end(), [](std::string_view level) { return level == "+" || level == "#"; }));
}

std::vector<unsigned> placeholders(std::string_view text) {
  std::vector<unsigned> numbers;
  if (text.starts_with('/')) return numbers;
  for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) break;
    if (const auto number = whole_number<unsigned>(text.substr(at + 1, end - at - 1))) numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace weir::gateway
