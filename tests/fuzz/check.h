// check: what must hold for any input; the fuzzer keeps the input for which it does not.
#pragma once

#include <cstdlib>

namespace weir {

inline void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace weir
