#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/local_access.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {

int run_pair(const Arguments& arguments, Environment& environment) {
  int code = done;
  const auto access = open_access(arguments, environment, code);
  if (!access) return code;
  const auto made = access->add_code();
  if (!made) return complain(environment, made.error());
  if (arguments.has("json")) {
    const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(access_limits::code_lifetime);
    environment.out << nlohmann::ordered_json({{"code", *made}, {"expires_in", lifetime.count()}}).dump() << "\n";
  } else {
    environment.out << *made << "\n";
    environment.err << "Type it on the dashboard's first page within 10 minutes; it works once.\n";
  }
  return done;
}

}  // namespace weir::gateway::cli
