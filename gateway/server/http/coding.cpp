#include "server/http/coding.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "server/http/request.h"

namespace weir::gateway {
namespace {

constexpr std::size_t codings_max = 32;

int parse_weight(std::string_view text) {
  double value = 1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return static_cast<int>(std::clamp(value, 0.0, 1.0) * 1000);
}

/// What a header says of each; nothing: it does not name it.
struct Weights {
  std::optional<int> gzip, identity, others;
};

Weights read_weights(std::string_view header) {
  auto items = split(header, ',');
  items.resize(std::min(items.size(), codings_max));
  Weights weights;
  for (const std::string_view item : items) {
    const std::string coding = media_type(item);
    if (coding == "gzip" || coding == "x-gzip") weights.gzip = weight_of(item);
    if (coding == "identity") weights.identity = weight_of(item);
    if (coding == "*") weights.others = weight_of(item);
  }
  return weights;
}

}  // namespace

int weight_of(std::string_view item) {
  int weight = 1000;
  for (const std::string_view parameter : split(item, ';')) {
    const std::string_view text = trim(parameter);
    if (text.starts_with("q=") || text.starts_with("Q=")) weight = parse_weight(text.substr(2));
  }
  return weight;
}

Coding negotiate_coding(std::string_view accept_encoding) {
  const Weights weights = read_weights(accept_encoding);
  const int gzip = weights.gzip.value_or(weights.others.value_or(0));
  if (gzip == 0) return Coding::identity;
  // Bytes as they are are acceptable to whoever does not name them, but less than what is named.
  const int identity = weights.identity.value_or(weights.others.value_or(1));
  if (identity == 0) return Coding::gzip_only;
  return gzip >= identity ? Coding::gzip : Coding::identity;
}

}  // namespace weir::gateway
