// The parts of bench-log; each prints figures.
#pragma once

namespace weir::gateway::bench {

int codec();

}  // namespace weir::gateway::bench
