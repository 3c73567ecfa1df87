#include "server/loop/open_files.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "base/log_line.h"

namespace weir::gateway {
namespace {

constexpr rlim_t others = 320;  // the log, readers, timers, and connections that are told that there are too many

}  // namespace

void raise_open_files(std::size_t connections_max) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t needed = connections_max + others;
  if (limit.rlim_cur >= needed) return;
  const rlim_t soft = limit.rlim_cur;
  limit.rlim_cur = std::min(needed, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = soft;
  if (limit.rlim_cur >= needed) return;
  const auto possible = limit.rlim_cur - std::min(limit.rlim_cur, others);
  log_line(Severity::warning, "server",
           "server.connections_max: " + std::to_string(connections_max) + " connections need " + std::to_string(needed) +
               " open files, and only " + std::to_string(limit.rlim_cur) + " are allowed: about " + std::to_string(possible) +
               " connections; raise LimitNOFILE (systemd) or ulimit -Hn");
}

}  // namespace weir::gateway
