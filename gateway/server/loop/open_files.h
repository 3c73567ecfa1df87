// Open files: each connection is one, and a process may have 1,024 unless it asks for more.
//
// Purpose    raises the soft limit (RLIMIT_NOFILE) to what the configured connections need.
// Thread     before the loop begins: the library sizes its tables by the limit.
// Ownership  the process's limit; children inherit it.
// Limits     the hard limit: systemd's LimitNOFILE=, `ulimit -Hn`. Where that is too low a warning says how many connections it
//            leaves.
// Errors     none.
#pragma once

#include <cstddef>

namespace weir::gateway {

void raise_open_files(std::size_t connections_max);

}  // namespace weir::gateway
