#include "cli/record_text.h"

#include <nlohmann/json.hpp>

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

constexpr const char* reading_members[] = {"device", "metric", "value", "unit", "quality"};
constexpr const char* standing_members[] = {"seq", "kind", "time"};

std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    out += control ? '?' : c;
  }
  return out;
}

void append_word(std::string& line, const std::string& word) {
  if (!word.empty()) line += (line.empty() ? "" : " ") + word;
}

}  // namespace

std::string member_text(const ordered_json& object, const char* name) {
  if (!object.is_object() || !object.contains(name)) return "";
  const ordered_json& value = object.at(name);
  if (value.is_string()) return printable(value.get<std::string>());
  return printable(value.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

std::string record_text(const ordered_json& record) {
  const std::string kind = member_text(record, "kind");
  std::string line = member_text(record, "time");
  if (kind == "reading") {
    for (const char* name : reading_members) append_word(line, member_text(record, name));
    return line;
  }
  append_word(line, kind + ":");
  for (const auto& [name, value] : record.items()) {
    bool standing = false;
    for (const char* known : standing_members) standing = standing || name == known;
    if (!standing) append_word(line, printable(name) + "=" + member_text(record, name.c_str()));
  }
  return line;
}

}  // namespace weir::gateway::cli
