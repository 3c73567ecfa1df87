// What the configuration says of one serial port; plain data, validated by gateway/config.
#pragma once

#include <string>

#include "decoders/decoder.h"
#include "reading/command.h"

namespace weir::firmware {

/// Exactly one is set.
struct SerialPort {
  std::string path;        // "/dev/ttyUSB0", a pty, or a link
  std::string by_id;       // a name under /dev/serial/by-id
  std::string usb_serial;  // the USB device's serial number, found through sysfs
};

enum class Framing { wire, lines };

struct SerialOptions {
  std::string name;
  SerialPort port;
  unsigned baud = 115200;  // any rate the kernel knows (BOTHER, termios2)
  Framing framing = Framing::wire;
  Mapping mapping;  // lines: decode json | csv | key-value; mapping.device for formats that carry none
  bool undeclared = false;
  std::vector<DeclaredCommand> declared;
};

}  // namespace weir::firmware
