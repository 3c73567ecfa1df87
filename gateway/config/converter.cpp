#include "config/converter.h"

#include <algorithm>
#include <cmath>

#include "base/time.h"
#include "config/fields.h"
#include "config/secret_source.h"
#include "config/text_checks.h"

namespace weir::gateway {
namespace {

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

}  // namespace

void place(Faults& faults, const std::string& key, const toml::node& node) {
  faults.place(key, node.source().begin.line, node.source().begin.column);
}

void wrong_type(Faults& faults, const std::string& key, const toml::node& node, Type type) {
  faults.add(key, "is " + std::string(kind_of(node)), "write " + std::string(type_example(type)));
}

FieldValue Converter::convert(const toml::node& node, const Field& field, const std::string& key) {
  switch (field.type) {
    case Type::boolean:
      if (const auto* value = node.as_boolean()) return value->get();
      break;
    case Type::integer:
      if (const auto* value = node.as_integer()) return in_range(value->get(), field, key);
      break;
    case Type::number:
      if (node.is_number()) return number(node.value<double>().value_or(0), key);
      break;
    case Type::texts: return texts(node, field, key);
    case Type::tls:
      if (node.is_table()) return files(*node.as_table(), {"certificate", "key"}, key);
      if (const auto* value = node.as_string()) return tls(value->get(), key);
      break;
    case Type::secret:
      if (node.is_table()) return secret(*node.as_table(), key);
      if (node.is_string()) return plain_secret(key);
      break;
    case Type::user:
      if (node.is_table()) return secret(*node.as_table(), key);
      if (const auto* value = node.as_string()) return value->get();
      break;
    case Type::serial_port:
      if (node.is_table()) return port(*node.as_table(), key);
      if (const auto* value = node.as_string()) return port_path(value->get(), key);
      break;
    default:
      if (const auto* value = node.as_string()) return from_text(value->get(), field, key);
  }
  wrong_type(faults_, key, node, field.type);
  return {};
}

FieldValue Converter::complain(const std::string& key, std::string what, std::string remedy) {
  faults_.add(key, std::move(what), std::move(remedy));
  return {};
}

FieldValue Converter::in_range(std::int64_t value, const Field& field, const std::string& key) {
  if (value >= field.min && value <= field.max) return value;
  return complain(key, std::to_string(value) + (value < field.min ? " is too small" : " is too large"),
                  "choose " + std::to_string(field.min) + " to " + std::to_string(field.max));
}

FieldValue Converter::number(double value, const std::string& key) {
  if (std::isfinite(value)) return value;
  return complain(key, "is not finite", "write a number");
}

FieldValue Converter::from_text(const std::string& text, const Field& field, const std::string& key) {
  switch (field.type) {
    case Type::choice: return choice(text, field, key);
    case Type::duration: return duration(text, field, key);
    case Type::size: return size(text, field, key);
    case Type::path: return text.empty() ? complain(key, "is empty", "write a path") : FieldValue((base_ / text).string());
    default: break;
  }
  if (field.check != nullptr) {
    if (auto complaint = field.check(text)) return faults_.add(key, *complaint), FieldValue();
  }
  return text;
}

FieldValue Converter::choice(const std::string& text, const Field& field, const std::string& key) {
  const auto found = std::find(field.choices.begin(), field.choices.end(), text);
  if (found != field.choices.end()) return static_cast<std::int64_t>(found - field.choices.begin());
  std::string list;
  for (const std::string_view name : field.choices) list += (list.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  return complain(key, "\"" + text + "\" is not one of the choices", "choose from " + list);
}

FieldValue Converter::duration(const std::string& text, const Field& field, const std::string& key) {
  const auto parsed = parse_duration(text);
  if (!parsed) return complain(key, "\"" + text + "\" is not a duration", "write " + std::string(type_example(Type::duration)));
  const std::chrono::nanoseconds least{field.min}, most{field.max};
  if (*parsed >= least && *parsed <= most) return *parsed;
  return complain(key, text + (*parsed < least ? " is too short" : " is too long"),
                  "choose " + format_duration(least) + " to " + format_duration(most));
}

FieldValue Converter::size(const std::string& text, const Field& field, const std::string& key) {
  const auto parsed = parse_size(text);
  if (!parsed) return complain(key, parsed.error().message, "write " + std::string(type_example(Type::size)));
  const auto least = static_cast<std::uint64_t>(field.min), most = static_cast<std::uint64_t>(field.max);
  if (*parsed >= least && *parsed <= most) return static_cast<std::int64_t>(*parsed);
  return complain(key, text + (*parsed < least ? " is too small" : " is too large"),
                  "choose " + format_size(least) + " to " + format_size(most));
}

FieldValue Converter::texts(const toml::node& node, const Field& field, const std::string& key) {
  if (!node.is_array()) return wrong_type(faults_, key, node, field.type), FieldValue();
  std::vector<std::string> all;
  bool good = true;
  for (const toml::node& element : *node.as_array()) {
    const std::string at = key_at(key, all.size());
    place(faults_, at, element);
    all.push_back(element.value<std::string>().value_or(""));
    auto complaint = element.is_string() && field.check != nullptr ? field.check(all.back()) : std::nullopt;
    if (complaint) faults_.add(at, *complaint);
    if (!element.is_string()) wrong_type(faults_, at, element, Type::text);
    good = good && element.is_string() && !complaint;
  }
  return good ? FieldValue(std::move(all)) : FieldValue();
}

FieldValue Converter::tls(const std::string& text, const std::string& key) {
  if (text == "off" || text == "auto") return std::vector<std::string>{text};
  return complain(key, "\"" + text + "\" is not one of the choices", "write " + std::string(type_example(Type::tls)));
}

FieldValue Converter::files(const toml::table& table, const std::vector<std::string_view>& names, const std::string& key) {
  std::vector<std::string> paths;
  for (const std::string_view name : names) {
    const toml::node* node = table.get(name);
    if (node == nullptr || !node->is_string() || node->as_string()->get().empty()) {
      return complain(key_in(key, name), "is missing, or not text", "write both certificate and key as paths");
    }
    place(faults_, key_in(key, name), *node);
    paths.push_back((base_ / node->as_string()->get()).string());
  }
  if (table.size() == names.size()) return paths;
  return complain(key, "has further keys", "write { certificate = \"…\", key = \"…\" } and nothing else");
}

std::optional<Converter::Single> Converter::single(const toml::table& table, std::string_view first, std::string_view second) {
  if (table.size() != 1) return std::nullopt;
  const auto member = table.begin();
  const std::string name(member->first.str());
  const auto* text = member->second.as_string();
  if ((name != first && name != second) || text == nullptr || text->get().empty()) return std::nullopt;
  return Single{name, text->get()};
}

FieldValue Converter::secret(const toml::table& table, const std::string& key) {
  const auto source = single(table, "file", "env");
  if (!source) return complain(key, "is not one secret", "write " + std::string(type_example(Type::secret)));
  const auto found = source->name == "file" ? secret_from_file(base_ / source->text) : secret_from_environment(source->text);
  if (const auto* complaint = std::get_if<Complaint>(&found)) return faults_.add(key, *complaint), FieldValue();
  return std::get<std::string>(found);
}

FieldValue Converter::plain_secret(const std::string& key) {
  return complain(key, "a secret stands in the configuration itself",
                  "put it into a file of mode 600 and write { file = \"…\" }");
}

FieldValue Converter::port(const toml::table& table, const std::string& key) {
  const auto kind = single(table, "by_id", "usb_serial");
  if (!kind) return complain(key, "is not one port", "write " + std::string(type_example(Type::serial_port)));
  if (kind->text.find('/') == std::string::npos && kind->text != "." && kind->text != "..")
    return std::vector<std::string>{kind->name, kind->text};
  return complain(key, "has a slash", "write the name alone, as `ls /dev/serial/by-id` shows it");
}

FieldValue Converter::port_path(const std::string& path, const std::string& key) {
  if (path.starts_with('/')) return std::vector<std::string>{"path", path};
  return complain(key, "\"" + path + "\" is not an absolute path", "write it from the root, as \"/dev/ttyUSB0\"");
}

}  // namespace weir::gateway
