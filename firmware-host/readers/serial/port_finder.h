// Which device file is the configured port now? It changes when an adapter is plugged in again.
//
// Purpose    path, by-id name or USB serial number -> a path to open.
// Thread     any; reads small files.
// Ownership  none.
// Limits     looks 8 folders up from a port for its USB device.
// Errors     not_found, naming what is there instead.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "readers/serial/serial_options.h"

namespace weir::firmware {

/// Where the system shows its ports; tests show their own.
struct PortRoots {
  std::filesystem::path by_id = "/dev/serial/by-id";
  std::filesystem::path class_tty = "/sys/class/tty";
  std::filesystem::path dev = "/dev";
};

Result<std::string> find_port(const SerialPort& port, const PortRoots& roots);

/// As the configuration names it: "usb_serial A8U6N".
std::string describe(const SerialPort& port);

}  // namespace weir::firmware
