// Field: one key of the configuration, as the loader, the printer, the schema and the documentation see it.
//
// Purpose    the type of the rows of fields.cpp, the one table of the configuration.
// Thread     immutable after static initialisation.
// Ownership  rows own nothing; they reach into the structs of config.h by member pointers.
// Limits     `min` and `max` of a row: its own unit, nanoseconds for durations, bytes for sizes.
// Errors     a row's check returns a Complaint: what is wrong, and what to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace weir::gateway {

enum class Type {
  boolean,
  integer,
  number,
  text,
  path,    // relative ones: to the folder of the configuration file
  texts,   // a list
  choice,  // one of the row's choices; its value is the index
  duration,
  size,
  secret,       // { file = "…" } or { env = "…" }, never plain
  user,         // text, or a secret
  tls,          // value: {"off"}, {"auto"}, or {certificate, key}
  serial_port,  // value: {"path" | "by_id" | "usb_serial", text}
  table,
  tables,        // [[…]]
  named_tables,  // name = { … }
};

using FieldValue =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::string>, std::chrono::nanoseconds>;

struct Complaint {
  std::string what, remedy;
};
using TextCheck = std::optional<Complaint> (*)(std::string_view text);

/// How a row reaches its member; the owner is the struct that its section fills.
struct Member {
  void (*set)(void* owner, FieldValue&& value) = nullptr;
  FieldValue (*get)(const void* owner) = nullptr;
};

/// How a row of type table, tables or named_tables reaches the structs below it.
struct Children {
  void* (*add)(void* owner, std::string_view name) = nullptr;  // a table is there already
  std::size_t (*count)(const void* owner) = nullptr;
  const void* (*at)(const void* owner, std::size_t index) = nullptr;
  std::string (*name)(const void* child) = nullptr;  // named_tables
};

struct Section;

struct Field {
  std::string_view key;
  Type type = Type::text;
  std::string_view help = {};
  bool required = false;
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::vector<std::string_view> choices = {};
  TextCheck check = nullptr;  // text, path and each of texts
  Member member = {};
  const Section* section = nullptr;
  Children children = {};
};

struct Section {
  std::string_view name;  // "mqtt.subscribe"; empty: the top
  std::string_view help;
  std::vector<Field> fields;
  std::shared_ptr<void> (*defaults)();  // the struct as it is before anything was read
};

// Members by pointer: member<&MqttSubscription::mapping, &Mapping::device>().

template <class Owner, class M>
Owner owner_of(M Owner::*);

template <auto First, auto... Rest, class Owner>
auto& reach(Owner& owner) {
  if constexpr (sizeof...(Rest) == 0) {
    return owner.*First;
  } else {
    return reach<Rest...>(owner.*First);
  }
}

template <class T>
void assign(T& member, FieldValue&& value) {
  if constexpr (std::is_same_v<T, bool>) {
    member = std::get<bool>(value);
  } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    member = static_cast<T>(std::get<std::int64_t>(value));
  } else if constexpr (std::is_same_v<T, std::optional<double>>) {
    member = std::get<double>(value);
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    member = std::get<std::string>(value);
  } else {
    member = std::get<T>(std::move(value));
  }
}

template <class T>
FieldValue value_of(const T& member) {
  constexpr bool flag = std::is_same_v<T, bool>;
  if constexpr ((std::is_integral_v<T> && !flag) || std::is_enum_v<T>) {
    return static_cast<std::int64_t>(member);
  } else if constexpr (std::is_same_v<T, std::optional<double>>) {
    return member ? FieldValue(*member) : FieldValue();
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    return member.string();
  } else {
    return member;
  }
}

template <auto First, auto... Rest>
Member member() {
  using Owner = decltype(owner_of(First));
  return {[](void* owner, FieldValue&& value) { assign(reach<First, Rest...>(*static_cast<Owner*>(owner)), std::move(value)); },
          [](const void* owner) { return value_of(reach<First, Rest...>(*static_cast<const Owner*>(owner))); }};
}

/// A table inside the owner.
template <auto Inside>
Children table() {
  using Owner = decltype(owner_of(Inside));
  return {[](void* owner, std::string_view) -> void* { return &(static_cast<Owner*>(owner)->*Inside); },
          [](const void*) { return std::size_t{1}; },
          [](const void* owner, std::size_t) -> const void* { return &(static_cast<const Owner*>(owner)->*Inside); }};
}

/// A table whose members belong to the owner itself.
inline Children same_table() {
  return {[](void* owner, std::string_view) { return owner; }, [](const void*) { return std::size_t{1}; },
          [](const void* owner, std::size_t) { return owner; }};
}

/// A vector of structs.
template <auto List>
Children tables() {
  using Owner = decltype(owner_of(List));
  return {[](void* owner, std::string_view) -> void* { return &(static_cast<Owner*>(owner)->*List).emplace_back(); },
          [](const void* owner) { return (static_cast<const Owner*>(owner)->*List).size(); },
          [](const void* owner, std::size_t index) -> const void* { return &(static_cast<const Owner*>(owner)->*List)[index]; }};
}

/// A vector of structs with a member `name`, each written as name = { … }.
template <auto List, class Child>
Children named_tables() {
  Children children = tables<List>();
  children.add = [](void* owner, std::string_view name) -> void* {
    using Owner = decltype(owner_of(List));
    Child& added = (static_cast<Owner*>(owner)->*List).emplace_back();
    added.name = name;
    return &added;
  };
  children.name = [](const void* child) { return static_cast<const Child*>(child)->name; };
  return children;
}

template <class T>
std::shared_ptr<void> defaults_of() {
  return std::make_shared<T>();
}

}  // namespace weir::gateway
