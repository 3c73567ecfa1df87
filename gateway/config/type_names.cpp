#include <algorithm>
#include <array>

#include "config/fields.h"

namespace weir::gateway {
namespace {

struct TypeText {
  Type type;
  std::string_view name, example;
};

constexpr std::array<TypeText, 16> type_texts = {{
    {Type::boolean, "true or false", "true or false, without quotes"},
    {Type::integer, "whole number", "a whole number, without quotes"},
    {Type::number, "number", "a number, without quotes"},
    {Type::text, "text", "text in quotes"},
    {Type::path, "path", "a path in quotes"},
    {Type::texts, "list of text", "a list such as [\"…\", \"…\"]"},
    {Type::choice, "choice", "one of the choices, in quotes"},
    {Type::duration, "duration", "a duration such as \"250ms\", \"30s\", \"5m\", \"12h\" or \"30d\""},
    {Type::size, "size", "a size such as \"512MB\" (10^6 bytes) or \"512MiB\" (2^20 bytes)"},
    {Type::secret, "secret", "{ file = \"…\" } or { env = \"…\" }"},
    {Type::user, "text or secret", "text in quotes, { file = \"…\" } or { env = \"…\" }"},
    {Type::tls, "TLS", "\"off\", \"auto\" or { certificate = \"…\", key = \"…\" }"},
    {Type::serial_port, "port", "\"/dev/…\", { by_id = \"…\" } or { usb_serial = \"…\" }"},
    {Type::table, "table", "a table: [name] and its keys below"},
    {Type::tables, "list of tables", "[[name]] and its keys below, once for each"},
    {Type::named_tables, "tables by name", "a table for each name: name = { … }"},
}};

const TypeText& text_of(Type type) {
  return *std::find_if(type_texts.begin(), type_texts.end(), [type](const TypeText& row) { return row.type == type; });
}

}  // namespace

std::string_view type_name(Type type) { return text_of(type).name; }
std::string_view type_example(Type type) { return text_of(type).example; }

}  // namespace weir::gateway
