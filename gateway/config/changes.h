// Changes between two configurations, as people read them.
//
// Purpose    what the audit keeps of a reload: the lines that differ, each with its table.
// Thread     pure.
// Ownership  plain values.
// Limits     none: whoever keeps them cuts them.
// Errors     none. Secrets are masked in what it compares, so a changed secret shows nothing.
#pragma once

#include <string>
#include <string_view>

namespace weir::gateway {

struct ConfigChanges {
  std::string before, after;  // "[log] age_max = \"7d\"; [server] …"
};

/// Of two texts of print_config().
ConfigChanges config_changes(std::string_view before, std::string_view after);

}  // namespace weir::gateway
