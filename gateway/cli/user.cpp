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

int conclude(int code, const Arguments& arguments, Environment& environment, const char* what) {
  if (code == done && arguments.has("json")) environment.out << ordered_json({{what, arguments.get("name")}}).dump() << "\n";
  return code;
}

}  // namespace

int run_user_add(const Arguments& arguments, Environment& environment) {
  const auto role = role_from(arguments.get("role"));
  if (!role) {
    environment.err << "weir: \"" << arguments.get("role") << "\" is not a role; choose viewer, operator or admin\n";
    return misused;
  }
  const auto hash = read_hash();
  if (!hash) return complain(environment, hash.error());
  const std::string name = arguments.get("name");
  const int code =
      change_access(arguments, environment, {.action = "user.add", .target = name, .after = std::string(to_string(*role))},
                    [&](Access& access) { return access.add_user(name, *role, *hash); });
  return conclude(code, arguments, environment, "added");
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
  const std::string name = arguments.get("name");
  const int code = change_access(arguments, environment, {.action = "user.remove", .target = name},
                                 [&](Access& access) { return access.remove_user(name); });
  return conclude(code, arguments, environment, "removed");
}

int run_user_passphrase(const Arguments& arguments, Environment& environment) {
  const auto hash = read_hash();
  if (!hash) return complain(environment, hash.error());
  const std::string name = arguments.get("name");
  const int code = change_access(arguments, environment, {.action = "user.passphrase", .target = name},
                                 [&](Access& access) { return access.set_pass_phrase(name, *hash); });
  return conclude(code, arguments, environment, "changed");
}

}  // namespace weir::gateway::cli
