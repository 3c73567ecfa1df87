// weir-node: the reference node on a computer.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "base/log_line.h"
#include "node/mqtt_node.h"
#include "node/node_options.h"
#include "node/serial_node.h"

namespace {

std::atomic<bool> stop = false;

void on_signal(int) { stop = true; }

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string_view> arguments(values + 1, values + count);
  if (arguments.size() == 1 && arguments[0] == "--help") return std::cout << weir::firmware::node_help(), 0;
  if (arguments.size() == 1 && arguments[0] == "--version") return std::cout << "weir-node " WEIR_VERSION "\n", 0;
  const auto options = weir::firmware::parse_node_options(arguments);
  if (!options) return std::cerr << "weir-node: " << options.error().message << "\n", 2;
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  const auto done = options->serial.empty() ? run_mqtt_node(*options, stop) : run_serial_node(*options, stop);
  if (done) return 0;
  weir::log_line(weir::Severity::error, options->id, done.error().message);
  return 1;
}
