// The reference of all keys in Markdown (docs/configuration.md) from the rows of fields.cpp.
#include "base/time.h"
#include "config/config.h"
#include "config/fields.h"
#include "config/text_checks.h"
#include "config/value_text.h"

namespace weir::gateway {
namespace {

constexpr std::string_view opening = R"(# The configuration, key by key

<!-- Made by `weir schema --markdown`; a test compares it. Change gateway/config/fields.cpp instead. -->

One TOML file. `weir check FILE` names every fault in it at once with line and column; `weir run --config FILE --print-config`
shows what is in force; `weir schema` is for editors. A key that is not listed here is a fault.

- Durations are text: `"250ms"`, `"30s"`, `"5m"`, `"12h"`, `"30d"`.
- Sizes are text: `"512MB"` is 512 × 10^6 bytes, `"512MiB"` is 512 × 2^20; `B`, `kB` to `TB`, `KiB` to `TiB`; `"0"` is nothing.
- Secrets are `{ file = "…" }` (not open to other users) or `{ env = "…" }`, never plain text.
- Relative paths begin at the folder of the configuration file.
)";

std::string limits_text(const Field& field) {
  std::string list;
  switch (field.type) {
    case Type::integer: return std::to_string(field.min) + " to " + std::to_string(field.max);
    case Type::size:
      return format_size(static_cast<std::uint64_t>(field.min)) + " to " + format_size(static_cast<std::uint64_t>(field.max));
    case Type::duration:
      return format_duration(std::chrono::nanoseconds(field.min)) + " to " + format_duration(std::chrono::nanoseconds(field.max));
    case Type::choice:
      for (const std::string_view choice : field.choices) list += (list.empty() ? "`" : ", `") + std::string(choice) + "`";
      return list;
    default: return "";
  }
}

std::string default_text(const Field& field, const void* defaults) {
  if (field.required) return "**required**";
  if (field.member.get == nullptr) return "";
  const std::string text = toml_text(field, field.member.get(defaults));
  return text.empty() ? "" : "`" + text + "`";
}

std::string heading(const Section& section) {
  if (section.name.empty()) return "the top of the file";
  return "`" + std::string(section.name) + "`";
}

std::string section_text(const Section& section) {
  std::string out = "\n## " + heading(section) + "\n\n" + std::string(section.help) +
                    "\n\n| key | is | default | limits | meaning |\n|---|---|---|---|---|\n";
  const auto defaults = section.defaults();
  for (const Field& field : section.fields) {
    out += "| `" + std::string(field.key) + "` | " + std::string(type_name(field.type)) + " | " +
           default_text(field, defaults.get()) + " | " + limits_text(field) + " | " + std::string(field.help) + " |\n";
  }
  return out;
}

}  // namespace

std::string config_reference() {
  std::string out(opening);
  for (const Section* section : all_sections()) out += section_text(*section);
  return out;
}

}  // namespace weir::gateway
