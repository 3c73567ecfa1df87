#include <unistd.h>

#include <iomanip>
#include <iostream>
#include <ostream>

#include <nlohmann/json.hpp>

#include "access/pass_phrases.h"
#include "cli/local_access.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

/// Never an argument, for others see command lines. At a terminal it is asked for twice, without an echo.
Result<std::string> read_pass_phrase() {
  if (::isatty(STDIN_FILENO) == 0) {
    std::string line;
    std::getline(std::cin, line);
    return line;
  }
  const char* typed = ::getpass("Pass phrase (12 characters or more): ");
  const std::string first(typed == nullptr ? "" : typed);
  typed = ::getpass("Once more: ");
  if (typed == nullptr || first != typed) return Error{ErrorCode::invalid, "the two pass phrases differ: nothing was changed"};
  return first;
}

Result<std::string> read_hash() {
  const auto phrase = read_pass_phrase();
  if (!phrase) return phrase;
  if (const auto good = check_pass_phrase(*phrase); !good) return good.error();
  return hash_pass_phrase(*phrase);
}

int conclude(const Result<void>& result, const Arguments& arguments, Environment& environment, const char* what) {
  if (!result) return complain(environment, result.error());
  if (arguments.has("json")) environment.out << ordered_json({{what, arguments.get("name")}}).dump() << "\n";
  return done;
}

}  // namespace

int run_user_add(const Arguments& arguments, Environment& environment) {
  const auto role = role_from(arguments.get("role"));
  if (!role) {
    environment.err << "weir: \"" << arguments.get("role") << "\" is not a role; choose viewer, operator or admin\n";
    return misused;
  }
  int code = done;
  const auto access = open_access(arguments, environment, code);
  if (!access) return code;
  const auto hash = read_hash();
  if (!hash) return complain(environment, hash.error());
  return conclude(access->add_user(arguments.get("name"), *role, *hash), arguments, environment, "added");
}

int run_user_list(const Arguments& arguments, Environment& environment) {
  int code = done;
  const auto access = open_access(arguments, environment, code);
  if (!access) return code;
  const auto users = access->users();
  if (!users) return complain(environment, users.error());
  ordered_json all = ordered_json::array();
  for (const UserInfo& user : *users) {
    if (arguments.has("json")) {
      all.push_back({{"name", user.name}, {"role", to_string(user.role)}, {"created", format_time(user.created)}});
    } else {
      environment.out << std::left << std::setw(9) << to_string(user.role) << " " << format_time(user.created) << "  "
                      << user.name << "\n";
    }
  }
  if (arguments.has("json")) environment.out << ordered_json({{"users", all}}).dump() << "\n";
  return done;
}

int run_user_remove(const Arguments& arguments, Environment& environment) {
  int code = done;
  const auto access = open_access(arguments, environment, code);
  if (!access) return code;
  return conclude(access->remove_user(arguments.get("name")), arguments, environment, "removed");
}

int run_user_passphrase(const Arguments& arguments, Environment& environment) {
  int code = done;
  const auto access = open_access(arguments, environment, code);
  if (!access) return code;
  const auto hash = read_hash();
  if (!hash) return complain(environment, hash.error());
  return conclude(access->set_pass_phrase(arguments.get("name"), *hash), arguments, environment, "changed");
}

}  // namespace weir::gateway::cli
