#include "decoders/json_pointer.h"

#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/text.h"

namespace weir::firmware {
namespace {

using nlohmann::json;

/// `~1` is a slash, `~0` a tilde (section 4).
bool unescape(std::string_view token, std::string& out) {
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    if (++i == token.size() || (token[i] != '0' && token[i] != '1')) return false;
    out += token[i] == '0' ? '~' : '/';
  }
  return true;
}

const json* element(const json& array, std::string_view token) {
  std::size_t index = 0;
  const auto [end, status] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (status != std::errc() || end != token.data() + token.size()) return nullptr;
  if (token.size() > 1 && token.front() == '0') return nullptr;
  return index < array.size() ? &array[index] : nullptr;
}

const json* member(const json& object, const std::string& token) {
  const auto found = object.find(token);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

Result<JsonPointer> JsonPointer::parse(std::string_view text) {
  const Error malformed{ErrorCode::invalid,
                        "\"" + std::string(text) + "\" is not a JSON pointer; one looks like \"/sensor/0/value\""};
  JsonPointer pointer;
  if (!text.starts_with('/') || !is_utf8(text)) return malformed;
  for (const auto token : split(text.substr(1), '/')) {
    if (!unescape(token, pointer.tokens_.emplace_back())) return malformed;
  }
  if (pointer.tokens_.size() > limits::json_depth_max) return malformed;
  return pointer;
}

const json* JsonPointer::find(const json& document) const {
  const json* at = &document;
  for (const auto& token : tokens_) {
    if (at->is_object())
      at = member(*at, token);
    else if (at->is_array())
      at = element(*at, token);
    else
      return nullptr;
    if (at == nullptr) return nullptr;
  }
  return at;
}

}  // namespace weir::firmware
