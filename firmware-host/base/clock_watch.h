// ClockWatch: notices when the wall clock is stepped or set.
//
// Purpose    from call to call the wall clock and the monotonic one move alike: the kernel slews both. Where they don't, someone
//            has stepped the wall clock (NTP's first answer, a person), or the machine was suspended.
// Thread     belongs to one thread.
// Ownership  none.
// Limits     steps below clock_step_min are not told one by one, but when they have added up to it.
// Errors     none. Times of the whole range of a Timestamp may follow each other.
#pragma once

#include <chrono>
#include <optional>

#include "base/time.h"

namespace weir {

inline constexpr std::chrono::milliseconds clock_step_min{1000};

class ClockWatch {
 public:
  struct Change {
    std::optional<std::chrono::milliseconds> stepped;  // by how much; forwards is positive
    bool synchronised = false;                         // it was not, and now is
  };
  /// The two times must be read one right after the other.
  Change look(Timestamp wall, Monotonic at, bool synchronised);

 private:
  std::optional<std::chrono::milliseconds> difference_;  // of wall and monotonic, at the last step
  bool synchronised_ = true;
};

}  // namespace weir
