#include <cstdlib>
#include <iostream>

#include "cli/command.h"
#include "gateway.h"

int main(int argc, char** argv) {
  using namespace weir::gateway;
  cli::Environment environment{std::cout, std::cerr, run_gateway,
                               [](const char* name) -> const char* { return std::getenv(name); }, known_library_holes};
  const int code = cli::run_cli({argv + 1, argv + argc}, environment);
  std::cout.flush();
  return std::cout ? code : cli::failed;
}
