#include <ostream>

#include "cli/subcommands.h"

namespace weir::gateway::cli {

int run_schema(const Arguments& arguments, Environment& environment) {
  environment.out << (arguments.has("markdown") ? config_reference() : config_schema());
  return done;
}

}  // namespace weir::gateway::cli
