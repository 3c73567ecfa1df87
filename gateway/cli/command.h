// Command: one subcommand of `weir`, a row of the table in commands.cpp.
//
// Purpose    names, options and operands in one place: parsing, `--help` and usage errors are made from it.
// Thread     main thread only.
// Ownership  rows own nothing; Environment keeps references that outlive the call.
// Limits     none.
// Errors     a command's exit code: 0, 1 (it could not be done), 2 (usage or configuration). What and why go to `err`.
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace weir::gateway::cli {

enum ExitCode { done = 0, failed = 1, misused = 2 };

/// What a command sees of the world; tests bring their own.
struct Environment {
  std::ostream& out;
  std::ostream& err;
  std::function<int(const Config&, const std::filesystem::path&)> daemon;
  std::function<const char*(const char*)> variable;              // getenv
  std::function<std::vector<std::string>()> library_holes = {};  // what is known against libwebsockets, a line each
};

struct Option {
  std::string_view name;   // "config"
  std::string_view value;  // "FILE"; empty: a flag
  std::string_view help;
  bool required = false;
};

class Arguments {
 public:
  bool has(std::string_view option) const { return options.contains(option); }
  std::string get(std::string_view option, std::string_view otherwise = {}) const;

  std::map<std::string, std::string, std::less<>> options;  // a flag's value is empty
  std::vector<std::string> operands;
};

struct Command {
  std::string_view name;      // "token add"
  std::string_view operands;  // "DEVICE COMMAND [key=value…]"
  std::string_view summary;
  std::vector<Option> options;
  std::size_t operands_min = 0, operands_max = 0;
  int (*run)(const Arguments&, Environment&) = nullptr;
};

inline constexpr std::size_t any_number = static_cast<std::size_t>(-1);

/// `words`: what follows the command's name. `--name value` and `--name=value`; `--` ends the options.
Result<Arguments> parse_arguments(const Command& command, const std::vector<std::string>& words);

std::string help_of(const Command& command);
std::string help_of_all(const std::vector<Command>& commands);

/// The table.
const std::vector<Command>& commands();

/// The whole program after main(): `words` are argv without the program's name.
int run_cli(const std::vector<std::string>& words, Environment& environment);

}  // namespace weir::gateway::cli
