// bench-log PART: figures of the log as lines of JSON. Run by ../log.mjs.
#include <cstdio>
#include <exception>
#include <map>
#include <string_view>

#include "parts.h"

int main(int argc, char** argv) {
  using namespace weir::gateway::bench;
  const std::map<std::string_view, int (*)()> parts = {{"codec", codec},     {"append", append_part}, {"disk", disk},
                                                       {"history", history}, {"replay", replay},      {"start", start}};
  const auto part = parts.find(argc == 2 ? argv[1] : "");
  if (part == parts.end()) {
    std::fprintf(stderr, "bench-log codec|append|disk|history|replay|start\n");
    return 2;
  }
  try {
    return part->second();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
