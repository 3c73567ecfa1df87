#include "base/clock_watch.h"

namespace weir {

ClockWatch::Change ClockWatch::look(Timestamp wall, Monotonic at, bool synchronised) {
  using std::chrono::floor, std::chrono::milliseconds;
  const auto difference = floor<milliseconds>(wall).time_since_epoch() - floor<milliseconds>(at).time_since_epoch();
  Change change{.synchronised = synchronised && !synchronised_};
  synchronised_ = synchronised;
  if (!difference_) difference_ = difference;
  const auto step = difference - *difference_;
  if (step >= clock_step_min || step <= -clock_step_min) {
    change.stepped = step;
    difference_ = difference;
  }
  return change;
}

}  // namespace weir
