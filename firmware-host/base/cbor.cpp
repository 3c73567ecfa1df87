// parse_cbor: RFC 8949 into the same document as parse_json. Written out here because the JSON library's own reader
// descends once for each byte of nested indefinite strings and tags, and takes no integer keys (SenML labels, RFC 8428).
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

namespace weir {
namespace {

using nlohmann::json;

enum Major : unsigned { unsigned_integer, negative_integer, byte_string, text_string, array, map, tag, simple };

struct Head {
  unsigned major = 0;
  unsigned info = 0;
  std::uint64_t argument = 0;
  bool indefinite() const { return info == 31; }
};

double half_to_double(std::uint64_t bits) {
  const auto exponent = static_cast<int>((bits >> 10U) & 0x1FU);
  const auto mantissa = static_cast<double>(bits & 0x3FFU);
  double value = std::numeric_limits<double>::infinity();
  if (exponent == 0)
    value = std::ldexp(mantissa, -24);
  else if (exponent != 31)
    value = std::ldexp(mantissa + 1024, exponent - 25);
  return (bits & 0x8000U) != 0 ? -value : value;
}

template <class Float, class Bits>
double float_from(std::uint64_t bits) {
  const auto narrow = static_cast<Bits>(bits);
  Float value;
  static_assert(sizeof value == sizeof narrow);
  __builtin_memcpy(&value, &narrow, sizeof value);
  return static_cast<double>(value);
}

class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : bytes_(bytes) {}

  Result<json> whole() {
    json document;
    if (item(document, 0) && at_ != bytes_.size()) fail("bytes after the end of the item");
    if (!reason_.empty()) return Error{ErrorCode::invalid, "not acceptable CBOR: " + reason_};
    return document;
  }

 private:
  bool fail(std::string reason) {
    if (reason_.empty()) reason_ = "byte " + std::to_string(at_) + ": " + std::move(reason);
    return false;
  }

  bool take(std::size_t count, std::uint64_t& value) {
    if (bytes_.size() - at_ < count) return fail("cut short");
    for (value = 0; count > 0; --count) value = value << 8U | static_cast<unsigned char>(bytes_[at_++]);
    return true;
  }

  bool head(Head& out) {
    std::uint64_t first = 0;
    if (!take(1, first)) return false;
    out = {static_cast<unsigned>(first >> 5U), static_cast<unsigned>(first & 31U), first & 31U};
    if (out.info < 24) return true;
    if (out.info < 28) return take(std::size_t{1} << (out.info - 24), out.argument);
    const bool may_be_open = out.major >= byte_string && out.major != tag;
    return (out.indefinite() && may_be_open) || fail("a reserved length");
  }

  bool at_break() {
    if (at_ >= bytes_.size() || bytes_[at_] != '\xFF') return false;
    ++at_;
    return true;
  }

  /// `depth` bounds the recursion: arrays, maps and tags each count one level.
  bool item(json& out, std::size_t depth) {
    Head start;
    return head(start) && item_after(start, out, depth);
  }

  bool item_after(const Head& start, json& out, std::size_t depth) {
    switch (start.major) {
      case unsigned_integer: out = start.argument; return true;
      case negative_integer: return negative(start.argument, out);
      case byte_string: return bytes(start, out);
      case text_string: return text(start, out);
      case simple: return simple_value(start, out);
      default: break;
    }
    if (depth >= limits::json_depth_max) return fail("nested deeper than " + std::to_string(limits::json_depth_max) + " levels");
    if (start.major == tag) return item(out, depth + 1);
    return start.major == array ? elements(start, out, depth) : members(start, out, depth);
  }

  bool negative(std::uint64_t argument, json& out) {
    if (argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return fail("an integer beyond 64 bits");
    out = -1 - static_cast<std::int64_t>(argument);
    return true;
  }

  bool chunk(std::uint64_t length, std::string& out) {
    if (length > bytes_.size() - at_) return fail("cut short");
    out.append(bytes_, at_, static_cast<std::size_t>(length));
    at_ += static_cast<std::size_t>(length);
    return true;
  }

  /// Section 3.2.3: an open string holds only closed strings of its own kind.
  bool run(const Head& start, std::string& out) {
    if (!start.indefinite()) return chunk(start.argument, out);
    while (!at_break()) {
      Head part;
      if (!head(part)) return false;
      if (part.major != start.major || part.indefinite()) return fail("a string of mixed parts");
      if (!chunk(part.argument, out)) return false;
    }
    return true;
  }

  bool bytes(const Head& start, json& out) {
    std::string run_of_bytes;
    if (!run(start, run_of_bytes)) return false;
    out = json::binary({run_of_bytes.begin(), run_of_bytes.end()});
    return true;
  }

  bool text(const Head& start, json& out) {
    std::string value;
    if (!run(start, value)) return false;
    if (!is_utf8(value)) return fail("text that is not UTF-8");
    out = std::move(value);
    return true;
  }

  bool simple_value(const Head& start, json& out) {
    switch (start.info) {
      case 20: out = false; return true;
      case 21: out = true; return true;
      case 22:
      case 23: out = nullptr; return true;
      case 25: return real(half_to_double(start.argument), out);
      case 26: return real(float_from<float, std::uint32_t>(start.argument), out);
      case 27: return real(float_from<double, std::uint64_t>(start.argument), out);
      default: return fail("a simple value that has no meaning here");
    }
  }

  bool real(double value, json& out) {
    if (!std::isfinite(value)) return fail("NaN and infinities are not values");
    out = value;
    return true;
  }

  bool elements(const Head& start, json& out, std::size_t depth) {
    out = json::array();
    auto& list = out.get_ref<json::array_t&>();
    for (std::uint64_t i = 0; start.indefinite() ? !at_break() : i < start.argument; ++i) {
      if (!item(list.emplace_back(), depth + 1)) return false;
    }
    return true;
  }

  bool members(const Head& start, json& out, std::size_t depth) {
    out = json::object();
    auto& object = out.get_ref<json::object_t&>();
    for (std::uint64_t i = 0; start.indefinite() ? !at_break() : i < start.argument; ++i) {
      std::string name;
      if (!key(name)) return false;
      auto [member, is_new] = object.emplace(std::move(name), nullptr);
      if (!is_new) return fail("the member '" + member->first.substr(0, limits::name_bytes_max) + "' occurs twice");
      if (!item(member->second, depth + 1)) return false;
    }
    return true;
  }

  /// Integer keys become their decimal text: SenML label -2 (base name) is "-2".
  bool key(std::string& out) {
    Head start;
    json name;
    if (!head(start)) return false;
    if (start.major > text_string || start.major == byte_string) return fail("a key that is neither text nor an integer");
    if (!item_after(start, name, 0)) return false;
    out = name.is_string() ? std::move(name.get_ref<std::string&>()) : name.dump();
    return true;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::string reason_;
};

}  // namespace

Result<json> parse_cbor(std::string_view bytes) { return CborReader(bytes).whole(); }

}  // namespace weir
