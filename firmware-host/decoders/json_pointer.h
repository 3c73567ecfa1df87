// JsonPointer: RFC 6901, compiled once, looked up without exceptions.
//
// Purpose    where in a document a device, metric, value or time stands.
// Thread     immutable after parse().
// Ownership  owns its tokens; find() points into the document.
// Limits     as deep as a document may be: limits::json_depth_max.
// Errors     parse() says what a pointer looks like; find() answers null for what is not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace weir::firmware {

class JsonPointer {
 public:
  static Result<JsonPointer> parse(std::string_view text);

  const nlohmann::json* find(const nlohmann::json& document) const;

  /// The last token, unescaped.
  const std::string& last() const { return tokens_.back(); }

 private:
  std::vector<std::string> tokens_;  // never empty
};

}  // namespace weir::firmware
