// The loader: walks TOML along the rows of fields.cpp. What keys mean is in the rows and in checks.cpp.
#include <algorithm>
#include <fstream>

#include <toml++/toml.h>

#include "config/checks.h"
#include "config/config.h"
#include "config/converter.h"
#include "config/faults.h"
#include "config/fields.h"
#include "config/text_checks.h"

namespace weir::gateway {
namespace {

constexpr std::size_t file_bytes_max = std::size_t{1024} * 1024;

class Loader {
 public:
  Loader(std::filesystem::path base, Faults& faults) : faults_(faults), converter_(std::move(base), faults) {}

  void fill(const toml::table& table, const Section& section, void* owner, const std::string& key) {
    for (const auto& [name, node] : table) {
      const std::string at = key_in(key, name.str());
      const auto found = std::find_if(section.fields.begin(), section.fields.end(),
                                      [&name = name](const Field& field) { return field.key == name.str(); });
      if (found == section.fields.end()) {
        unknown(name, section, at);
        continue;
      }
      place(faults_, at, node);
      take(node, *found, owner, at);
    }
    for (const Field& field : section.fields) {
      if (field.required && !table.contains(field.key)) {
        faults_.add(key_in(key, field.key), "is missing", "add " + std::string(field.key) + " = " + std::string(example(field)));
      }
    }
  }

 private:
  static std::string example(const Field& field) {
    if (field.type == Type::text) return "\"…\"";
    if (field.type == Type::choice) return "\"" + std::string(field.choices.front()) + "\"";
    return std::string(type_example(field.type));
  }

  void unknown(const toml::key& name, const Section& section, const std::string& key) {
    std::vector<std::string_view> known;
    for (const Field& field : section.fields) known.push_back(field.key);
    std::string remedy = "remove it";
    if (const auto meant = nearest(name.str(), known); !meant.empty()) {
      remedy = "did you mean " + std::string(meant) + "?";
    } else if (const Section* home = home_of(name.str()); home != nullptr) {
      remedy = "it belongs into " + (home->name.empty() ? "the top of the file" : "[" + std::string(home->name) + "]");
    }
    faults_.add_at(name.source().begin.line, name.source().begin.column, key, "no such key", std::move(remedy));
  }

  static const Section* home_of(std::string_view name) {
    for (const Section* section : all_sections()) {
      for (const Field& field : section->fields) {
        if (field.key == name) return section;
      }
    }
    return nullptr;
  }

  void take(const toml::node& node, const Field& field, void* owner, const std::string& key) {
    switch (field.type) {
      case Type::table: return take_table(node, field, owner, key);
      case Type::tables: return take_tables(node, field, owner, key);
      case Type::named_tables: return take_named(node, field, owner, key);
      default: break;
    }
    FieldValue value = converter_.convert(node, field, key);
    if (!std::holds_alternative<std::monostate>(value)) field.member.set(owner, std::move(value));
  }

  void take_table(const toml::node& node, const Field& field, void* owner, const std::string& key) {
    if (!node.is_table()) return wrong_type(faults_, key, node, field.type);
    fill(*node.as_table(), *field.section, field.children.add(owner, field.key), key);
  }

  void take_tables(const toml::node& node, const Field& field, void* owner, const std::string& key) {
    if (!node.is_array()) return wrong_type(faults_, key, node, field.type);
    std::size_t index = 0;
    for (const toml::node& element : *node.as_array()) {
      const std::string at = key_at(key, index++);
      place(faults_, at, element);
      if (element.is_table()) {
        fill(*element.as_table(), *field.section, field.children.add(owner, {}), at);
      } else {
        wrong_type(faults_, at, element, field.type);
      }
    }
  }

  void take_named(const toml::node& node, const Field& field, void* owner, const std::string& key) {
    if (!node.is_table()) return wrong_type(faults_, key, node, field.type);
    for (const auto& [name, element] : *node.as_table()) {
      const std::string at = key_in(key, name.str());
      place(faults_, at, element);
      if (auto complaint = check_name(name.str())) faults_.add(at, *complaint);
      if (element.is_table()) {
        fill(*element.as_table(), *field.section, field.children.add(owner, name.str()), at);
      } else {
        wrong_type(faults_, at, element, field.type);
      }
    }
  }

  Faults& faults_;
  Converter converter_;
};

}  // namespace

Loaded load_config(std::string_view text, const std::filesystem::path& file) {
  Loaded loaded;
  Faults faults;
  if (text.size() > file_bytes_max) {
    faults.add("", "is larger than 1 MiB", "this is no configuration of weir: check the path");
    return {{}, faults.take()};
  }
  try {
    const toml::table table = toml::parse(text);
    Loader(file.parent_path(), faults).fill(table, root_section(), &loaded.config, "");
    check_config(loaded.config, faults);
    loaded.config.log.file = loaded.config.data_dir / "weir.db";
  } catch (const toml::parse_error& error) {
    faults.add_at(error.source().begin.line, error.source().begin.column, "", std::string(error.description()),
                  "correct this first: what follows it was not read");
  }
  loaded.faults = faults.take();
  return loaded;
}

Loaded load_config_file(const std::filesystem::path& file) {
  std::error_code failed;
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file, failed)) {
    return {{}, {{0, 0, "", "can't be read", "check the path and who may read it"}}};
  }
  std::string text(file_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return load_config(text, file);
}

}  // namespace weir::gateway
