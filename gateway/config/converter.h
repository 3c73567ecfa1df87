// Converter: one TOML value -> the value of one row.
//
// Purpose    the types of field.h, each with its limits; the loader finds the row, this reads what stands there.
// Thread     belongs to one load.
// Ownership  keeps a reference to the Faults.
// Limits     those of the row.
// Errors     reported to Faults by key; the value is then monostate.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "config/faults.h"
#include "config/field.h"

namespace weir::gateway {

/// Notes where the key stands.
void place(Faults& faults, const std::string& key, const toml::node& node);

void wrong_type(Faults& faults, const std::string& key, const toml::node& node, Type type);

class Converter {
 public:
  Converter(std::filesystem::path base, Faults& faults) : base_(std::move(base)), faults_(faults) {}

  FieldValue convert(const toml::node& node, const Field& field, const std::string& key);

 private:
  struct Single {
    std::string name, text;
  };

  FieldValue complain(const std::string& key, std::string what, std::string remedy);
  FieldValue in_range(std::int64_t value, const Field& field, const std::string& key);
  FieldValue number(double value, const std::string& key);
  FieldValue from_text(const std::string& text, const Field& field, const std::string& key);
  FieldValue choice(const std::string& text, const Field& field, const std::string& key);
  FieldValue duration(const std::string& text, const Field& field, const std::string& key);
  FieldValue size(const std::string& text, const Field& field, const std::string& key);
  FieldValue texts(const toml::node& node, const Field& field, const std::string& key);
  FieldValue tls(const std::string& text, const std::string& key);
  /// All of `names`, each a path, and nothing else.
  FieldValue files(const toml::table& table, const std::vector<std::string_view>& names, const std::string& key);
  /// A table with exactly one member: text, under one of the two names.
  static std::optional<Single> single(const toml::table& table, std::string_view first, std::string_view second);
  FieldValue secret(const toml::table& table, const std::string& key);
  FieldValue plain_secret(const std::string& key);
  FieldValue port(const toml::table& table, const std::string& key);
  FieldValue port_path(const std::string& path, const std::string& key);

  const std::filesystem::path base_;
  Faults& faults_;
};

}  // namespace weir::gateway
