// What may be asked of a device, and whether arguments fit.
#include <cstdint>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "commands/commands.h"

namespace weir::gateway {

namespace {

using nlohmann::json;

Error wrong(const DeclaredArgument& argument, const std::string& what) {
  return {ErrorCode::invalid, "args." + argument.name + ": " + what};
}

std::string in_unit(double value, const std::string& unit) {
  std::string text;
  append_json_number(text, value);
  return unit.empty() ? text : text + " " + unit;
}

Result<void> check_range(const DeclaredArgument& argument, double value) {
  if (argument.min && value < *argument.min) return wrong(argument, "must be at least " + in_unit(*argument.min, argument.unit));
  if (argument.max && value > *argument.max) return wrong(argument, "must be at most " + in_unit(*argument.max, argument.unit));
  return {};
}

Result<void> check_text(const DeclaredArgument& argument, const std::string& value) {
  if (argument.type == ArgumentType::string) return {};
  std::string known;
  for (const auto& allowed : argument.values) {
    if (allowed == value) return {};
    known += (known.empty() ? "" : ", ") + allowed;
  }
  return wrong(argument, "must be one of " + known);
}

Result<void> check_argument(const DeclaredArgument& argument, const json& value) {
  switch (argument.type) {
    case ArgumentType::number:
      if (!value.is_number()) return wrong(argument, "must be a number");
      return check_range(argument, value.get<double>());
    case ArgumentType::integer:
      if (!value.is_number_integer()) return wrong(argument, "must be a whole number");
      if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return wrong(argument, "must fit 64 bits");
      return check_range(argument, value.get<double>());
    case ArgumentType::boolean: return value.is_boolean() ? Result<void>() : wrong(argument, "must be true or false");
    case ArgumentType::string:
    case ArgumentType::enumeration:
      if (!value.is_string()) return wrong(argument, "must be a string");
      return check_text(argument, value.get_ref<const std::string&>());
  }
  return {};
}

}  // namespace

Result<void> check_arguments(const DeclaredCommand& declared, std::string_view args_json) {
  const auto args = parse_json(args_json);
  if (!args) return args.error();
  if (!args->is_object()) return Error{ErrorCode::invalid, "args: must be an object"};
  for (const auto& argument : declared.args) {
    const auto given = args->find(argument.name);
    if (given == args->end()) {
      if (argument.required) return wrong(argument, "is missing");
      continue;
    }
    if (auto fits = check_argument(argument, *given); !fits) return fits;
  }
  for (const auto& [name, value] : args->items()) {
    const auto known =
        std::any_of(declared.args.begin(), declared.args.end(), [&name = name](const auto& a) { return a.name == name; });
    if (!known) return Error{ErrorCode::invalid, "args." + name + ": " + declared.name + " takes no such argument"};
  }
  return {};
}

std::vector<DeclaredCommand> Declarations::of(std::string_view device) const {
  std::vector<DeclaredCommand> commands;
  const auto add = [&](const DeclaredCommand& command) {
    const auto same = [&](const auto& c) { return c.name == command.name; };
    if (std::none_of(commands.begin(), commands.end(), same)) commands.push_back(command);
  };
  // What the node says of itself wins over the configuration.
  if (const auto own = by_node.find(device); own != by_node.end()) {
    for (const auto& command : own->second) add(command);
  }
  for (const auto& [reader, policy] : by_reader) {
    for (const auto& command : policy.declared) {
      if (glob_match(command.device, device)) add(command);
    }
  }
  return commands;
}

}  // namespace weir::gateway
