// Configuration: plain structs, filled from TOML by the one table of fields (fields.h), validated whole.
//
// Purpose    everything that weir.toml says, with defaults. CONTRACT 2.
// Thread     immutable after load.
// Limits     beside each field in the table.
// Errors     every fault at once, each with file:line:column, key, what, what to do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "log/log.h"
#include "readers/mqtt/mqtt_options.h"
#include "readers/serial/serial_options.h"

namespace weir::gateway {

struct ListenAddress {
  std::string host;  // "127.0.0.1", "::1", "0.0.0.0"
  std::uint16_t port = 8080;
  bool loopback() const;
};

struct TlsOff {};
struct TlsAuto {};  // own key and certificate, made at first start in data_dir/tls
struct TlsFiles {
  std::filesystem::path certificate, key;
};

/// A machine that signs in with a certificate of `client_ca`: who it is, by the common name, and what it may do.
struct ClientCertificate {
  enum class Role : std::uint8_t { viewer, operator_, admin, ingest };  // as in access/access.h
  std::string common_name;
  Role role = Role::viewer;
};

struct ServerOptions {
  std::vector<ListenAddress> listen = {{"127.0.0.1", 8080}};
  std::variant<TlsOff, TlsAuto, TlsFiles> tls;
  bool insecure = false;
  std::filesystem::path client_ca;  // empty: no client is asked for a certificate
  bool client_certificate_required = false;
  std::vector<ClientCertificate> client_certificates;
  std::string security_contact;  // a URI; empty: none was named
  std::vector<std::string> origins;
  std::vector<std::string> hosts;
  unsigned connections_max = 12000;
  unsigned connections_per_address_max = 64;
  unsigned connections_per_token_max = 11000;
  unsigned requests_per_second_per_address_max = 100;
  unsigned requests_per_second_per_token_max = 5000;
  bool websocket_compression = false;
};

struct Config {
  std::filesystem::path data_dir = "/var/lib/weir";
  ServerOptions server;
  LogOptions log;
  std::vector<firmware::MqttOptions> mqtt;
  std::vector<firmware::SerialOptions> serial;
};

struct Fault {
  std::uint32_t line = 0, column = 0;  // from 1; 0: the whole file
  std::string key;                     // "mqtt[0].subscribe[1].qos"
  std::string what;
  std::string remedy;
};
std::string to_string(const Fault& fault, std::string_view file);

struct Loaded {
  Config config;
  std::vector<Fault> faults;  // empty: the configuration may be used
};

/// `file` names the source in faults and is the base of relative paths of secrets.
Loaded load_config(std::string_view toml, const std::filesystem::path& file);
Loaded load_config_file(const std::filesystem::path& file);

std::string config_schema();                          // JSON Schema
std::string config_reference();                       // docs/configuration.md
std::string print_config(const Config& config);       // effective TOML, secrets masked
std::string describe_exposure(const Config& config);  // what listens where for whom, a line each

}  // namespace weir::gateway
