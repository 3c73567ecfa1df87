#include "decoders/decoder.h"

#include <array>
#include <string>

#include "decoders/csv_decoder.h"
#include "decoders/json_decoder.h"
#include "decoders/key_value_decoder.h"
#include "decoders/value_decoder.h"

namespace weir::firmware {
namespace {

struct Format {
  std::string_view name;
  bool takes_pointers;  // payloads that JSON pointers can point into
  Result<std::unique_ptr<Decoder>> (*make)(const Mapping& mapping);
};

/// A new format: a file pair, a line here, cases under tests/cases/decoders/.
constexpr std::array formats = {
    Format{"value", false, make_value_decoder},
    Format{"json", true, make_json_decoder},
    Format{"csv", false, make_csv_decoder},
    Format{"key-value", false, make_key_value_decoder},
};

Error wrong(std::string what) { return Error{ErrorCode::invalid, std::move(what)}; }

Error unknown(std::string_view name) {
  std::string list;
  for (const auto& format : formats) list.append(list.empty() ? "" : ", ").append(format.name);
  return wrong("decode: \"" + std::string(name) + "\" is not known; it may be one of " + list);
}

Result<void> check_pointers(const Format& format, const Mapping& mapping) {
  if (format.takes_pointers) return {};
  const std::array<std::pair<std::string_view, std::string_view>, 4> members = {
      {{"device", mapping.device}, {"metric", mapping.metric}, {"value", mapping.value}, {"time", mapping.time}}};
  for (const auto& [name, text] : members) {
    if (!text.starts_with('/')) continue;
    return wrong(std::string(name) + ": \"" + std::string(text) + "\" is a JSON pointer, which decode = \"" +
                 std::string(format.name) + "\" can't follow; use decode = \"json\"");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Decoder>> make_decoder(const Mapping& mapping) {
  for (const auto& format : formats) {
    if (format.name != mapping.decode) continue;
    if (auto checked = check_pointers(format, mapping); !checked) return checked.error();
    return format.make(mapping);
  }
  return unknown(mapping.decode);
}

std::vector<std::string_view> decoder_names() {
  std::vector<std::string_view> names;
  names.reserve(std::size(formats));
  for (const auto& format : formats) names.push_back(format.name);
  return names;
}

}  // namespace weir::firmware
