#include "base/json.h"

#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/text.h"

namespace weir {
namespace {

using nlohmann::json;

constexpr std::size_t message_bytes_max = 160;

/// The library's message without its tag and without the input that it quotes (which may be a megabyte).
std::string plain_reason(std::string_view what) {
  if (auto at = what.find("] "); at != what.npos) what.remove_prefix(at + 2);
  if (auto at = what.find("syntax error"); at != what.npos) what.remove_prefix(at);
  what = what.substr(0, what.find("; last read"));
  if (what.starts_with("number overflow")) what = "a number beyond the range of a double";
  return std::string(what.substr(0, message_bytes_max));
}

/// Builds the document from the parser's events, so that a limit stops the parser where it is crossed. The text parser
/// is iterative: nesting costs heap, never stack.
class GuardedBuilder final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(json::number_integer_t value) override { return put(value); }
  bool number_unsigned(json::number_unsigned_t value) override { return put(value); }
  bool number_float(json::number_float_t value, const std::string&) override { return put(value); }
  bool string(std::string& value) override { return put(std::move(value)); }
  bool binary(json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    auto [member, is_new] = open_.back()->get_ref<json::object_t&>().emplace(std::move(name), nullptr);
    member_ = &member->second;
    return is_new || fail("the member '" + member->first.substr(0, limits::name_bytes_max) + "' occurs twice");
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    return fail("byte " + std::to_string(position) + ": " + plain_reason(error.what()));
  }

  json take() { return std::move(root_); }
  const std::string& reason() const { return reason_; }

 private:
  template <class T>
  bool put(T&& value) {
    place(json(std::forward<T>(value)));
    return true;
  }

  bool open(json container) {
    if (open_.size() >= limits::json_depth_max) {
      return fail("nested deeper than " + std::to_string(limits::json_depth_max) + " levels");
    }
    open_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  /// Where the value stands is stable while it is open: siblings are only added after it is closed.
  json* place(json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_object()) return &(*member_ = std::move(value));
    return &open_.back()->get_ref<json::array_t&>().emplace_back(std::move(value));
  }

  bool fail(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }

  json root_;
  std::vector<json*> open_;
  json* member_ = nullptr;
  std::string reason_;
};

void append_escaped(std::string& out, unsigned char byte) {
  static constexpr char hex[] = "0123456789abcdef";
  switch (byte) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: out += "\\u00", out += hex[byte >> 4U], out += hex[byte & 15U];
  }
}

bool must_escape(unsigned char byte) { return byte < 0x20 || byte == '"' || byte == '\\'; }

void append_valid(std::string& out, std::string_view text) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!must_escape(byte)) continue;
    out.append(text, plain, i - plain);
    append_escaped(out, byte);
    plain = i + 1;
  }
  out.append(text, plain, text.npos);
}

}  // namespace

Result<json> parse_json(std::string_view text) {
  GuardedBuilder builder;
  if (json::sax_parse(text.begin(), text.end(), &builder)) return builder.take();
  return Error{ErrorCode::invalid, "not acceptable JSON: " + builder.reason()};
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto valid = utf8_prefix(text);
    append_valid(out, text.substr(0, valid));
    text.remove_prefix(valid);
    if (text.empty()) break;
    out += "\xEF\xBF\xBD";
    text.remove_prefix(1);
  }
  out += '"';
}

void append_json_number(std::string& out, double value) {
  assert(std::isfinite(value));
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, end);
}

}  // namespace weir
