#include "access/audit_row.h"

#include <charconv>
#include <fstream>

#include "access/secrets.h"
#include "base/json.h"
#include "base/text.h"

namespace weir::gateway {
namespace {

constexpr std::size_t hash_digits = 64;
constexpr std::string_view begin = R"({"seq":)", prev_key = R"(,"prev":")", hash_key = R"(","hash":")", end = R"("})";
constexpr std::size_t tail_bytes = prev_key.size() + hash_digits + hash_key.size() + hash_digits + end.size();

/// Monotonic time begins anew at each boot. random(4), "boot_id".
const std::string& boot_id() {
  static const std::string id = [] {
    std::string text;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), text);
    return text.substr(0, 8);
  }();
  return id;
}

void append_member(std::string& row, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  row.append(",\"").append(name).append("\":");
  if (text.size() <= audit_limits::member_bytes_max) return append_json_string(row, text);
  text = text.substr(0, audit_limits::member_bytes_max);
  append_json_string(row, std::string(text.substr(0, utf8_prefix(text))).append("…"));
}

}  // namespace

std::string audit_row(std::uint64_t seq, const AuditMoment& moment, const AuditEntry& entry, std::string_view prev) {
  std::string row(begin);
  row.append(std::to_string(seq)).append(R"(,"time":")").append(format_time(moment.wall));
  row.append(R"(","boot":")").append(boot_id()).append(R"(","monotonic":)");
  row.append(std::to_string(std::chrono::nanoseconds(moment.monotonic.time_since_epoch()).count()));
  append_member(row, "who", entry.who);
  append_member(row, "from", entry.from);
  append_member(row, "action", entry.action);
  append_member(row, "target", entry.target);
  append_member(row, "before", entry.before);
  append_member(row, "after", entry.after);
  append_member(row, "result", entry.result);
  row.append(prev_key).append(prev).append("\"");
  const std::string hash = hash_of(row);
  return row.append(hash_key.substr(1)).append(hash).append(end);
}

std::optional<AuditLink> audit_link(std::string_view line) {
  if (line.size() < begin.size() + tail_bytes || !line.starts_with(begin) || !line.ends_with(end)) return std::nullopt;
  const auto tail = line.substr(line.size() - tail_bytes);
  AuditLink link;
  const auto number = line.substr(begin.size());
  const auto [at, error] = std::from_chars(number.data(), number.data() + number.size(), link.seq);
  if (error != std::errc() || *at != ',') return std::nullopt;
  link.prev = tail.substr(prev_key.size(), hash_digits);
  link.hash = tail.substr(prev_key.size() + hash_digits + hash_key.size(), hash_digits);
  if (!tail.starts_with(prev_key) || tail.substr(prev_key.size() + hash_digits, hash_key.size()) != hash_key) return std::nullopt;
  const auto signed_bytes = line.substr(0, line.size() - (hash_key.size() - 1) - hash_digits - end.size());
  if (!same_hash(hash_of(signed_bytes), link.hash)) return std::nullopt;
  return link;
}

std::string_view audit_member(std::string_view line, std::string_view name) {
  const std::string key = std::string(",\"").append(name).append("\":\"");  // quotes inside a text are escaped: it is no text
  const auto at = line.find(key);
  if (at == line.npos) return {};
  const auto text = line.substr(at + key.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return text.substr(0, i);
    if (text[i] == '\\') ++i;
  }
  return {};
}

}  // namespace weir::gateway
