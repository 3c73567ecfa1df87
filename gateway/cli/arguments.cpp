#include <algorithm>

#include "cli/command.h"

namespace weir::gateway::cli {
namespace {

constexpr std::size_t help_column = 28;

Error misuse(const Command& command, const std::string& what) {
  return {ErrorCode::invalid, what + "; `weir " + std::string(command.name) + " --help` shows how"};
}

const Option* find_option(const Command& command, std::string_view name) {
  const auto found =
      std::find_if(command.options.begin(), command.options.end(), [name](const Option& option) { return option.name == name; });
  return found == command.options.end() ? nullptr : &*found;
}

std::string padded(std::string text) {
  if (text.size() + 2 > help_column) return text + "\n" + std::string(help_column, ' ');
  return text + std::string(help_column - text.size(), ' ');
}

/// Takes "--name", "--name=value" or "--name" and the next word; moves `at` to the last word that was used.
Result<void> take_option(const Command& command, const std::vector<std::string>& words, std::size_t& at, Arguments& arguments) {
  const std::string_view word = std::string_view(words[at]).substr(2);
  const std::size_t equals = word.find('=');
  const std::string name(word.substr(0, equals));
  const Option* option = find_option(command, name);
  if (option == nullptr) return misuse(command, "there is no option --" + name);
  if (arguments.has(name)) return misuse(command, "--" + name + " is given twice");
  const bool attached = equals != std::string_view::npos;
  if (option->value.empty() && attached) return misuse(command, "--" + name + " takes no value");
  if (!option->value.empty() && !attached && at + 1 >= words.size())
    return misuse(command, "--" + name + " needs a value, " + std::string(option->value));
  if (option->value.empty()) {
    arguments.options[name] = "";
  } else {
    arguments.options[name] = attached ? std::string(word.substr(equals + 1)) : words[++at];
  }
  return {};
}

Result<void> check_complete(const Command& command, const Arguments& arguments) {
  for (const Option& option : command.options) {
    if (option.required && !arguments.has(option.name)) return misuse(command, "--" + std::string(option.name) + " is missing");
  }
  const std::size_t count = arguments.operands.size();
  if (count < command.operands_min) return misuse(command, "something is missing: it takes " + std::string(command.operands));
  if (count > command.operands_max) return misuse(command, "\"" + arguments.operands[command.operands_max] + "\" is too much");
  return {};
}

}  // namespace

std::string Arguments::get(std::string_view option, std::string_view otherwise) const {
  const auto found = options.find(option);
  return found == options.end() ? std::string(otherwise) : found->second;
}

Result<Arguments> parse_arguments(const Command& command, const std::vector<std::string>& words) {
  Arguments arguments;
  bool options_ended = false;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (options_ended || !word.starts_with('-') || word == "-") {
      arguments.operands.push_back(word);
    } else if (word == "--") {
      options_ended = true;
    } else if (!word.starts_with("--")) {
      return misuse(command, "there is no option " + word);
    } else if (auto taken = take_option(command, words, at, arguments); !taken) {
      return taken.error();
    }
  }
  if (auto complete = check_complete(command, arguments); !complete) return complete.error();
  return arguments;
}

std::string help_of(const Command& command) {
  std::string text = "weir " + std::string(command.name);
  if (!command.options.empty()) text += " [options]";
  if (!command.operands.empty()) text += " " + std::string(command.operands);
  text += "\n\n" + std::string(command.summary) + "\n\n";
  for (const Option& option : command.options) {
    std::string left = "  --" + std::string(option.name);
    if (!option.value.empty()) left += " " + std::string(option.value);
    text += padded(left) + std::string(option.help) + (option.required ? " (required)" : "") + "\n";
  }
  return text + padded("  --help") + "this\n";
}

std::string help_of_all(const std::vector<Command>& commands) {
  std::string text = "weir COMMAND [options]: an IoT telemetry gateway\n\n";
  for (const Command& command : commands) text += padded("  " + std::string(command.name)) + std::string(command.summary) + "\n";
  return text + "\n`weir COMMAND --help` shows a command's options; `weir --version` the version.\n";
}

}  // namespace weir::gateway::cli
