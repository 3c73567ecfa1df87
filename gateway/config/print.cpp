#include "base/json.h"
#include "base/time.h"
#include "config/config.h"
#include "config/fields.h"
#include "config/text_checks.h"
#include "config/value_text.h"

namespace weir::gateway {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out;
  append_json_string(out, text);  // the escapes of JSON are also those of TOML's basic strings
  return out;
}

std::string list_text(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "[" : ", ") + in_quotes(text);
  return out.empty() ? "" : out + "]";
}

std::string number_text(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

std::string tls_text(const std::vector<std::string>& parts) {
  if (parts.size() == 1) return in_quotes(parts[0]);
  return "{ certificate = " + in_quotes(parts[0]) + ", key = " + in_quotes(parts[1]) + " }";
}

std::string port_text(const std::vector<std::string>& parts) {
  if (parts.empty()) return "";
  return parts[0] == "path" ? in_quotes(parts[1]) : "{ " + parts[0] + " = " + in_quotes(parts[1]) + " }";
}

std::string bare_or_quoted(const std::string& key) {
  const bool bare = !key.empty() && key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
                                        std::string::npos;
  return bare ? key : in_quotes(key);
}

bool is_table(Type type) { return type == Type::table || type == Type::tables || type == Type::named_tables; }

/// "key = value" for each plain key that is there.
std::vector<std::string> plain_lines(const Section& section, const void* owner) {
  std::vector<std::string> lines;
  for (const Field& field : section.fields) {
    if (is_table(field.type)) continue;
    const std::string text = toml_text(field, field.member.get(owner));
    if (!text.empty()) lines.push_back(std::string(field.key) + " = " + text);
  }
  return lines;
}

std::string named_line(const Field& field, const void* child) {
  std::string inside;
  for (const std::string& line : plain_lines(*field.section, child)) inside += (inside.empty() ? "" : ", ") + line;
  return std::string(field.key) + "." + bare_or_quoted(field.children.name(child)) + " = { " + inside + " }\n";
}

std::string body(const Section& section, const void* owner, const std::string& path);

std::string table_text(const Field& field, const void* owner, const std::string& path) {
  const std::string name = path.empty() ? std::string(field.key) : path + "." + std::string(field.key);
  std::string out;
  for (std::size_t i = 0; i < field.children.count(owner); ++i) {
    const std::string inside = body(*field.section, field.children.at(owner, i), name);
    const bool single = field.type == Type::table;
    // A table below a list is left out where it says nothing: [mqtt.commands] needs a topic as soon as it is there.
    if (single && !path.empty() && inside == body(*field.section, field.section->defaults().get(), name)) continue;
    out += single ? "\n[" + name + "]\n" : "\n[[" + name + "]]\n";
    out += inside;
  }
  return out;
}

std::string body(const Section& section, const void* owner, const std::string& path) {
  std::string out;
  for (const std::string& line : plain_lines(section, owner)) out += line + "\n";
  for (const Field& field : section.fields) {
    if (field.type != Type::named_tables) continue;
    for (std::size_t i = 0; i < field.children.count(owner); ++i) out += named_line(field, field.children.at(owner, i));
  }
  for (const Field& field : section.fields) {
    if (field.type == Type::table || field.type == Type::tables) out += table_text(field, owner, path);
  }
  return out;
}

}  // namespace

std::string toml_text(const Field& field, const FieldValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return "";
  switch (field.type) {
    case Type::boolean: return std::get<bool>(value) ? "true" : "false";
    case Type::integer: return std::to_string(std::get<std::int64_t>(value));
    case Type::number: return number_text(std::get<double>(value));
    case Type::choice: return in_quotes(field.choices[static_cast<std::size_t>(std::get<std::int64_t>(value))]);
    case Type::duration: return in_quotes(format_duration(std::get<std::chrono::nanoseconds>(value)));
    case Type::size: return in_quotes(format_size(static_cast<std::uint64_t>(std::get<std::int64_t>(value))));
    case Type::texts: return list_text(std::get<std::vector<std::string>>(value));
    case Type::tls: return tls_text(std::get<std::vector<std::string>>(value));
    case Type::serial_port: return port_text(std::get<std::vector<std::string>>(value));
    case Type::secret:
    case Type::user: return std::get<std::string>(value).empty() ? "" : "\"********\"";
    default: return std::get<std::string>(value).empty() ? "" : in_quotes(std::get<std::string>(value));
  }
}

std::string print_config(const Config& config) { return body(root_section(), &config, ""); }

}  // namespace weir::gateway
