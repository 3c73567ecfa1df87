#include "base/clock_sync.h"

#include <sys/timex.h>

#include <fstream>
#include <string>

namespace weir {

namespace {

constexpr std::chrono::seconds ask_interval{1};
constexpr std::chrono::hours rtc_difference_max{24};  // one that runs in local time is kept as well

/// What the clocks of KVM, Hyper-V and Xen guests are called in the kernel. Its word is the host's.
bool is_hypervisor_clock(std::string_view name) {
  return name == "kvm-clock" || name == "xen" || name.starts_with("hyperv_clocksource");
}

std::optional<Timestamp> rtc_time(const std::filesystem::path& rtc) {
  std::int64_t seconds = 0;
  if (!(std::ifstream(rtc / "since_epoch") >> seconds)) return std::nullopt;
  constexpr std::int64_t end = 1LL << 33U;  // beyond it is no time, and nanoseconds would overflow
  if (seconds < 0 || seconds > end) return std::nullopt;
  return Timestamp(std::chrono::seconds(seconds));
}

}  // namespace

KernelClock ask_kernel_clock() {
  timex state{};  // modes 0: only asks
  const int status = adjtimex(&state);
  if (status < 0) return KernelClock::refused;
  const bool unsynchronised = status == TIME_ERROR || (state.status & STA_UNSYNC) != 0;
  return unsynchronised ? KernelClock::unsynchronised : KernelClock::synchronised;
}

ClockSource ClockSync::source(Timestamp wall, Monotonic at) {
  std::lock_guard lock(mutex_);
  const bool asked = asked_ && at - *asked_ < ask_interval;
  if (source_ == ClockSource::ntp || asked) return source_;
  asked_ = at;
  source_ = ask(wall);
  return source_;
}

ClockSource ClockSync::ask(Timestamp wall) const {
  if (wall < clock_floor) return ClockSource::none;
  std::error_code ignored;
  const auto kernel = sources_.kernel();
  if (kernel == KernelClock::synchronised || std::filesystem::exists(sources_.timesync, ignored)) return ClockSource::ntp;
  if (kernel == KernelClock::refused || source_ == ClockSource::kept) return ClockSource::kept;
  return under_hypervisor() || rtc_agrees(wall) ? ClockSource::kept : ClockSource::none;
}

bool ClockSync::rtc_agrees(Timestamp wall) const {
  std::error_code error;
  for (std::filesystem::directory_iterator rtc(sources_.rtcs, error), end; !error && rtc != end; rtc.increment(error)) {
    const auto time = rtc_time(rtc->path());
    if (time && *time - wall < rtc_difference_max && wall - *time < rtc_difference_max) return true;
  }
  return false;
}

bool ClockSync::under_hypervisor() const {
  std::ifstream names(sources_.clock_sources);
  for (std::string name; names >> name;) {
    if (is_hypervisor_clock(name)) return true;
  }
  return false;
}

}  // namespace weir
