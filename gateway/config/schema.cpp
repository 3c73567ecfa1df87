// JSON Schema (draft 2020-12) from the rows of fields.cpp.
#include <nlohmann/json.hpp>

#include "config/config.h"
#include "config/fields.h"
#include "config/text_checks.h"
#include "config/value_text.h"
#include "decoders/decoder.h"

namespace weir::gateway {
namespace {

using nlohmann::ordered_json;

ordered_json section_schema(const Section& section);

ordered_json text_schema(const char* pattern = nullptr) {
  ordered_json schema = {{"type", "string"}};
  if (pattern != nullptr) schema["pattern"] = pattern;
  return schema;
}

/// { name = "…" } with exactly these members.
ordered_json inline_table(const std::vector<std::string>& names) {
  ordered_json properties = ordered_json::object();
  for (const std::string& name : names) properties[name] = {{"type", "string"}, {"minLength", 1}};
  return {{"type", "object"}, {"properties", properties}, {"required", names}, {"additionalProperties", false}};
}

ordered_json secret_schema() { return {{"oneOf", {inline_table({"file"}), inline_table({"env"})}}}; }

ordered_json integer_schema(const Field& field) { return {{"type", "integer"}, {"minimum", field.min}, {"maximum", field.max}}; }

ordered_json decode_schema(const Field& field) {
  std::vector<std::string_view> names = firmware::decoder_names();
  if (field.check == check_serial_decode) names.emplace_back("wire");
  return {{"enum", names}};
}

ordered_json type_schema(const Field& field) {
  if (field.check == check_decode || field.check == check_serial_decode) return decode_schema(field);
  switch (field.type) {
    case Type::boolean: return {{"type", "boolean"}};
    case Type::integer: return integer_schema(field);
    case Type::number: return {{"type", "number"}};
    case Type::texts: return {{"type", "array"}, {"items", text_schema()}};
    case Type::choice: return {{"enum", field.choices}};
    case Type::duration: return text_schema("^[0-9]+(ns|us|ms|s|m|h|d)$");
    case Type::size: return text_schema("^(0|[0-9]+([kMGT]B|[KMGT]iB|B))$");
    case Type::secret: return secret_schema();
    case Type::user: return {{"oneOf", {text_schema(), inline_table({"file"}), inline_table({"env"})}}};
    case Type::tls: return {{"oneOf", {{{"enum", {"off", "auto"}}}, inline_table({"certificate", "key"})}}};
    case Type::serial_port: return {{"oneOf", {text_schema("^/"), inline_table({"by_id"}), inline_table({"usb_serial"})}}};
    case Type::table: return section_schema(*field.section);
    case Type::tables: return {{"type", "array"}, {"items", section_schema(*field.section)}};
    case Type::named_tables: return {{"type", "object"}, {"additionalProperties", section_schema(*field.section)}};
    default: return text_schema();
  }
}

ordered_json section_schema(const Section& section) {
  ordered_json properties = ordered_json::object(), required = ordered_json::array();
  const auto defaults = section.defaults();
  for (const Field& field : section.fields) {
    ordered_json schema = type_schema(field);
    schema["description"] = field.help;
    if (field.required) required.push_back(field.key);
    if (field.member.get != nullptr && !field.required) {
      if (const std::string text = toml_text(field, field.member.get(defaults.get())); !text.empty()) {
        schema["default"] = ordered_json::parse(text, nullptr, false);  // TOML's text, numbers and lists are JSON's
      }
    }
    properties[std::string(field.key)] = std::move(schema);
  }
  ordered_json schema = {{"type", "object"}, {"description", section.help}, {"properties", properties}};
  if (!required.empty()) schema["required"] = required;
  schema["additionalProperties"] = false;
  return schema;
}

}  // namespace

std::string config_schema() {
  ordered_json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "weir.toml"}};
  schema.update(section_schema(root_section()));
  return schema.dump(2) + "\n";
}

}  // namespace weir::gateway
