// The parts of bench-log; each prints figures.
#pragma once

namespace weir::gateway::bench {

int codec();
int append_part();
int disk();
int history();
int replay();
int start();

}  // namespace weir::gateway::bench
