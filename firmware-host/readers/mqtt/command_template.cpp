#include "readers/mqtt/command_template.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace weir::firmware {
namespace {

using nlohmann::json;

constexpr std::string_view args_prefix = "args.";

bool is_known(std::string_view name) {
  return name == "id" || name == "device" || name == "command" || name == "args" ||
         (name.starts_with(args_prefix) && name.size() > args_prefix.size());
}

/// The first placeholder at or behind `from`: its begin, and its name without the braces.
std::optional<std::pair<std::size_t, std::string_view>> placeholder(std::string_view text, std::size_t from) {
  for (auto at = text.find('{', from); at != text.npos; at = text.find('{', at + 1)) {
    const auto end = text.find_first_of("{}", at + 1);
    if (end == text.npos) return std::nullopt;
    if (text[end] == '}' && is_known(text.substr(at + 1, end - at - 1))) return std::pair(at, text.substr(at + 1, end - at - 1));
  }
  return std::nullopt;
}

/// Null where the argument was left out.
const json* value_of(std::string_view name, const json& values) {
  const auto& args = values["args"];
  const bool argument = name.starts_with(args_prefix);
  const auto& from = argument ? args : values;
  const auto found = from.find(argument ? name.substr(args_prefix.size()) : name);
  return found == from.end() ? nullptr : &*found;
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string fill_text(std::string_view text, const json& values) {
  std::string out;
  std::size_t from = 0;
  while (const auto found = placeholder(text, from)) {
    out += text.substr(from, found->first - from);
    if (const auto* value = value_of(found->second, values)) out += text_of(*value);
    from = found->first + found->second.size() + 2;
  }
  return out += text.substr(from);
}

/// Nothing where a string that is one placeholder names an argument that was left out.
std::optional<json> fill(const json& part, const json& values) {
  if (part.is_string()) {
    const auto& text = part.get_ref<const std::string&>();
    const auto found = placeholder(text, 0);
    if (!found || found->second.size() + 2 != text.size()) return fill_text(text, values);
    const auto* value = value_of(found->second, values);
    return value == nullptr ? std::nullopt : std::optional(*value);
  }
  if (!part.is_structured()) return part;
  auto out = part.is_object() ? json::object() : json::array();
  for (const auto& [key, child] : part.items()) {
    auto filled = fill(child, values);
    if (!filled) continue;
    part.is_object() ? void(out[key] = *std::move(filled)) : out.push_back(*std::move(filled));
  }
  return out;
}

}  // namespace

Result<CommandTemplate> CommandTemplate::compile(const std::string& text) {
  CommandTemplate made;
  made.text_ = text;
  auto document = parse_json(text);
  if (document) {
    if (document->is_structured()) made.document_ = std::make_shared<const json>(*std::move(document));
    return made;
  }
  const auto begin = text.find_first_not_of(" \t\n");
  const bool meant_as_json =
      begin != text.npos &&
      (text[begin] == '[' ||
       (text[begin] == '{' && placeholder(text, begin).value_or(std::pair(text.size(), "")).first != begin));
  if (meant_as_json) return Error{ErrorCode::invalid, "'" + text + "' is not JSON: " + document.error().message};
  return made;
}

std::string CommandTemplate::expand(const Command& command) const {
  auto args = parse_json(command.args_json.empty() ? "{}" : command.args_json);
  const json values = {{"id", command.id},
                       {"device", command.device},
                       {"command", command.name},
                       {"args", args && args->is_object() ? *std::move(args) : json::object()}};
  if (!document_) return fill_text(text_, values);
  return fill(*document_, values).value_or(json()).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace weir::firmware
