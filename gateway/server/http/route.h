// Route: a method and a path pattern.
//
// Purpose    matching, apart from the table (routes.cpp), so that it can be tested by itself.
// Thread     pure.
// Limits     one `{name}` in a pattern; it stands for one byte or more, slashes included: device names may have them.
// Errors     no match: nothing.
#pragma once

#include <optional>
#include <string_view>

namespace weir::gateway {

/// What `{…}` stood for (empty for a pattern without one), or nothing.
std::optional<std::string_view> match_path(std::string_view pattern, std::string_view path);

}  // namespace weir::gateway
