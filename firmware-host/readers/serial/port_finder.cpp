#include "readers/serial/port_finder.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <vector>

namespace weir::firmware {
namespace {

namespace fs = std::filesystem;

constexpr int parents_max = 8;
constexpr std::size_t shown_max = 8;

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// The port's `device` lies some folders below that of its USB device, which has a file `serial`.
std::string usb_serial_of(const fs::path& tty) {
  std::error_code error;
  auto folder = fs::canonical(tty / "device", error);
  if (error) return {};
  for (int i = 0; i < parents_max && folder.has_relative_path(); ++i, folder = folder.parent_path()) {
    if (fs::exists(folder / "serial", error)) return first_line(folder / "serial");
  }
  return {};
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) found.push_back(it->path());
  std::sort(found.begin(), found.end());
  return found;
}

std::string listed(const std::vector<std::string>& names) {
  if (names.empty()) return "; none is plugged in";
  std::string text = "; there is ";
  for (std::size_t i = 0; i < std::min(names.size(), shown_max); ++i) text += (i > 0 ? ", " : "") + names[i];
  return text;
}

Result<std::string> find_by_serial(const std::string& serial, const PortRoots& roots) {
  std::vector<std::string> others;
  for (const auto& tty : entries(roots.class_tty)) {
    const auto found = usb_serial_of(tty);
    // An adapter with several ports has one number for all: the first is taken.
    if (found == serial) return (roots.dev / tty.filename()).string();
    if (!found.empty()) others.push_back(found);
  }
  return Error{ErrorCode::not_found, "no USB port with the serial number " + serial + listed(others)};
}

Result<std::string> find_by_id(const std::string& name, const PortRoots& roots) {
  std::error_code error;
  if (fs::exists(roots.by_id / name, error)) return (roots.by_id / name).string();
  std::vector<std::string> others;
  for (const auto& entry : entries(roots.by_id)) others.push_back(entry.filename().string());
  return Error{ErrorCode::not_found, "no port " + (roots.by_id / name).string() + listed(others)};
}

}  // namespace

Result<std::string> find_port(const SerialPort& port, const PortRoots& roots) {
  if (!port.by_id.empty()) return find_by_id(port.by_id, roots);
  if (!port.usb_serial.empty()) return find_by_serial(port.usb_serial, roots);
  return port.path;
}

std::string describe(const SerialPort& port) {
  if (!port.by_id.empty()) return "by_id " + port.by_id;
  if (!port.usb_serial.empty()) return "usb_serial " + port.usb_serial;
  return port.path;
}

}  // namespace weir::firmware
