// What the configuration says of one serial port; plain data, validated by gateway/config.
#pragma once

#include <chrono>
#include <string>
#include <vector>

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

/// What a device is asked on a line where nobody speaks unasked.
struct SerialPoll {
  std::string send;  // a line, without its end
  std::chrono::nanoseconds every = std::chrono::seconds(1);
};

struct SerialOptions {
  std::string name;
  SerialPort port;
  unsigned baud = 115200;  // any rate the kernel knows (BOTHER, termios2)
  Framing framing = Framing::wire;
  Mapping mapping;                // lines: decode json | csv | key-value; mapping.device for formats that carry none
  std::vector<SerialPoll> polls;  // lines; not empty: half duplex, one request at a time, commands first
  std::chrono::nanoseconds answer_within = std::chrono::milliseconds(500);
  bool undeclared = false;
  std::vector<DeclaredCommand> declared;
};

}  // namespace weir::firmware
