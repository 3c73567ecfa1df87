#include "config/config.h"
#include "config/text_checks.h"

namespace weir::gateway {
namespace {

std::string who(const ListenAddress& address) {
  if (address.loopback()) return "this computer only";
  if (address.host == "0.0.0.0" || address.host == "::") return "everybody on every network of this computer";
  return "everybody who can reach this address";
}

std::string clients(const ServerOptions& server) {
  if (server.client_ca.empty()) return "";
  return (server.client_certificate_required ? ", for clients with a certificate of " : ", clients may show a certificate of ") +
         server.client_ca.string();
}

std::string protection(const ServerOptions& server, const ListenAddress& address) {
  if (std::holds_alternative<TlsAuto>(server.tls)) return "TLS with a certificate of its own" + clients(server);
  if (const auto* files = std::get_if<TlsFiles>(&server.tls)) return "TLS with " + files->certificate.string() + clients(server);
  return address.loopback() ? "no TLS" : "NO TLS: tokens and data can be read on the way";
}

std::string port_name(const firmware::SerialPort& port) {
  if (!port.path.empty()) return port.path;
  return port.by_id.empty() ? "the USB device with serial number " + port.usb_serial : "/dev/serial/by-id/" + port.by_id;
}

}  // namespace

std::string describe_exposure(const Config& config) {
  const char* scheme = std::holds_alternative<TlsOff>(config.server.tls) ? "http://" : "https://";
  std::string out;
  for (const ListenAddress& address : config.server.listen) {
    out += scheme + to_string(address) + ": " + who(address) + ", " + protection(config.server, address) + "\n";
  }
  for (const firmware::MqttOptions& mqtt : config.mqtt) {
    out += mqtt.url + ": reader " + mqtt.name + " connects there, " + (mqtt.url.starts_with("mqtts") ? "TLS" : "no TLS") +
           (mqtt.username.empty() ? ", without a name\n" : ", with a name\n");
  }
  for (const firmware::SerialOptions& serial : config.serial) {
    out += port_name(serial.port) + ": reader " + serial.name + " opens it, " + std::to_string(serial.baud) + " baud\n";
  }
  return out;
}

}  // namespace weir::gateway
