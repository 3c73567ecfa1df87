// bench-log PART: figures of the log as lines of JSON. Run by ../log.mjs.
#include <cstdio>
#include <string_view>

#include "parts.h"

int main(int argc, char** argv) {
  using namespace weir::gateway::bench;
  const std::string_view part = argc == 2 ? argv[1] : "";
  if (part == "codec") return codec();
  std::fprintf(stderr, "bench-log codec\n");
  return 2;
}
