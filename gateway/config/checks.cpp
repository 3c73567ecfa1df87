#include "config/checks.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "config/text_checks.h"

namespace weir::gateway {
namespace {

bool is_wildcard(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

bool is_v6(const std::string& host) { return host.find(':') != std::string::npos; }

bool collide(const ListenAddress& a, const ListenAddress& b) {
  if (a.port == 0 || a.port != b.port || is_v6(a.host) != is_v6(b.host)) return false;
  return a.host == b.host || is_wildcard(a.host) || is_wildcard(b.host);
}

void check_listening(const ServerOptions& server, std::size_t index, Faults& faults) {
  const ListenAddress& address = server.listen[index];
  const std::string key = key_at("server.listen", index);
  for (std::size_t earlier = 0; earlier < index; ++earlier) {
    if (!collide(server.listen[earlier], address)) continue;
    faults.add(key, to_string(address) + " is taken by " + to_string(server.listen[earlier]) + " above",
               "give it another port, or remove one");
    break;
  }
  if (address.loopback() || server.insecure || !std::holds_alternative<TlsOff>(server.tls) || faults.has("server.tls")) return;
  faults.add(key, "others can reach " + to_string(address) + ", and there is no TLS",
             "remove tls = \"off\", or set insecure = true if tokens and data may be read on the way");
}

struct Named {
  std::string_view name;
  std::string key;
};

void check_names(const std::vector<Named>& named, Faults& faults) {
  for (std::size_t i = 0; i < named.size(); ++i) {
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (named[i].name.empty() || named[i].name != named[earlier].name) continue;
      faults.add(named[i].key + ".name",
                 "\"" + std::string(named[i].name) + "\" is the name of " + named[earlier].key + " already",
                 "choose another: readers are told apart by it");
      break;
    }
  }
}

void check_ports(const std::vector<firmware::SerialOptions>& serial, Faults& faults) {
  const auto same = [](const firmware::SerialPort& a, const firmware::SerialPort& b) {
    return a.path == b.path && a.by_id == b.by_id && a.usb_serial == b.usb_serial;
  };
  for (std::size_t i = 0; i < serial.size(); ++i) {
    const std::string key = key_at("serial", i) + ".port";
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (faults.has(key) || !faults.placed(key) || !same(serial[i].port, serial[earlier].port)) continue;
      faults.add(key, "is the port of " + key_at("serial", earlier) + " already", "one reader owns a port: remove one of them");
      break;
    }
  }
}

void check_sessions(const std::vector<firmware::MqttOptions>& mqtt, Faults& faults) {
  for (std::size_t i = 0; i < mqtt.size(); ++i) {
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (mqtt[i].client_id.empty() || mqtt[i].client_id != mqtt[earlier].client_id || mqtt[i].url != mqtt[earlier].url) continue;
      faults.add(key_at("mqtt", i) + ".client_id", "is that of " + key_at("mqtt", earlier) + " at the same broker",
                 "choose another: a broker ends the older of two sessions with one name");
    }
  }
}

}  // namespace

bool ListenAddress::loopback() const { return host.starts_with("127.") || host == "::1"; }

/// Whoever lets others in and says nothing of TLS gets it.
void default_tls(ServerOptions& server, const Faults& faults) {
  const auto& listen = server.listen;
  const bool exposed =
      !std::all_of(listen.begin(), listen.end(), [](const ListenAddress& address) { return address.loopback(); });
  if (exposed && !server.insecure && !faults.placed("server.tls")) server.tls = TlsAuto{};
}

void check_client_certificates(const ServerOptions& server, Faults& faults) {
  const bool tls = !std::holds_alternative<TlsOff>(server.tls);
  if (!server.client_ca.empty() && !tls)
    faults.add("server.client_ca", "there is no TLS in which clients could show a certificate",
               "set tls = \"auto\", or remove it");
  if (!server.client_ca.empty()) check_public_file(server.client_ca, "server.client_ca", faults);
  if (server.client_ca.empty() && server.client_certificate_required && !faults.has("server.client_ca"))
    faults.add("server.client_certificate_required", "whose certificates is not said", "name them: client_ca = \"…\"");
  const auto& known = server.client_certificates;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const std::string key = key_at("server.client_certificate", i);
    if (server.client_ca.empty()) faults.add(key, "whose certificates is not said", "name them: client_ca = \"…\"");
    const auto same = [&](const ClientCertificate& other) { return other.common_name == known[i].common_name; };
    if (std::any_of(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(i), same))
      faults.add(key + ".common_name", "has a role already", "give each name one role");
  }
}

void check_server(ServerOptions& server, Faults& faults) {
  default_tls(server, faults);
  if (server.listen.empty() && !faults.has("server.listen")) {
    faults.add("server.listen", "is empty", "name an address and a port, as \"127.0.0.1:8080\"");
  }
  if (!faults.has("server.listen")) {
    for (std::size_t i = 0; i < server.listen.size(); ++i) check_listening(server, i, faults);
  }
  if (const auto* files = std::get_if<TlsFiles>(&server.tls)) {
    check_public_file(files->certificate, "server.tls.certificate", faults);
    check_private_file(files->key, "server.tls.key", faults);
  }
  check_client_certificates(server, faults);
}

void check_readers(Config& config, Faults& faults) {
  std::vector<Named> named;
  for (std::size_t i = 0; i < config.mqtt.size(); ++i) {
    named.push_back({config.mqtt[i].name, key_at("mqtt", i)});
    check_mqtt(config.mqtt[i], key_at("mqtt", i), faults);
  }
  for (std::size_t i = 0; i < config.serial.size(); ++i) {
    named.push_back({config.serial[i].name, key_at("serial", i)});
    check_serial(config.serial[i], key_at("serial", i), faults);
  }
  check_names(named, faults);
  check_ports(config.serial, faults);
  check_sessions(config.mqtt, faults);
}

void check_config(Config& config, Faults& faults) {
  if (config.data_dir.empty()) faults.add("data_dir", "is empty", "name a folder, as \"/var/lib/weir\"");
  check_server(config.server, faults);
  check_readers(config, faults);
}

void check_public_file(const std::string& path, const std::string& key, Faults& faults) {
  struct stat status {};
  const bool there = ::stat(path.c_str(), &status) == 0;
  if (there && S_ISREG(status.st_mode) && ::access(path.c_str(), R_OK) == 0) return;
  const char* what = !there ? " is not there" : S_ISREG(status.st_mode) ? " can't be read by this user" : " is not a file";
  faults.add(key, path + what, "check the path and who may read it");
}

void check_private_file(const std::string& path, const std::string& key, Faults& faults) {
  check_public_file(path, key, faults);
  struct stat status {};
  if (faults.has(key) || ::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IRWXO) == 0) return;
  faults.add(key, path + " is open to every user of this computer", "chmod 600 it (or 640, with a group of its own)");
}

}  // namespace weir::gateway
