#include <charconv>
#include <string>

#include "access/audit_file.h"
#include "access/secrets.h"

namespace weir::gateway {
namespace {

/// `"name":` and the value after it, be it a number or a text; empty where it is missing.
std::string_view value_of(std::string_view text, std::string_view name) {
  const std::string key = std::string("\"").append(name).append("\":");
  const auto at = text.find(key);
  if (at == text.npos) return {};
  auto value = text.substr(at + key.size());
  value = value.substr(0, value.find_first_of(",}"));
  if (value.starts_with('"') && value.ends_with('"') && value.size() >= 2) value = value.substr(1, value.size() - 2);
  return value;
}

bool read_number(std::string_view text, std::string_view name, std::uint64_t& out) {
  const auto value = value_of(text, name);
  const auto [at, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  return !value.empty() && error == std::errc() && at == value.data() + value.size();
}

}  // namespace

std::string encode_head(const AuditHead& head) {
  std::string text = "{\"first\":" + std::to_string(head.first) + ",\"anchor\":\"" + head.anchor + "\"";
  text += ",\"seq\":" + std::to_string(head.seq) + ",\"hash\":\"" + head.hash + "\"";
  text += ",\"segment\":" + std::to_string(head.segment) + ",\"bytes\":" + std::to_string(head.bytes);
  const std::string check = hash_of(text);
  return text + ",\"check\":\"" + check + "\"}\n";
}

std::optional<AuditHead> decode_head(std::string_view text) {
  AuditHead head;
  const bool numbers = read_number(text, "first", head.first) && read_number(text, "seq", head.seq) &&
                       read_number(text, "segment", head.segment) && read_number(text, "bytes", head.bytes);
  head.anchor = value_of(text, "anchor");
  head.hash = value_of(text, "hash");
  if (!numbers || encode_head(head) != text) return std::nullopt;  // one way to write it: any other byte is not ours
  return head;
}

}  // namespace weir::gateway
