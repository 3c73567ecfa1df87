// ClockSync: who set the board's wall clock, as far as the kernel tells.
//
// Purpose    boards without a battery-backed clock boot with an old time; what is measured before NTP has set it must be marked.
//            1. The kernel's NTP state (adjtimex(2)): it is synchronised, or a system call filter keeps it to itself: a
//               container, whose clock is the host's. systemd-timesyncd's mark in /run holds longer than the kernel's,
//               which doubts a clock after about nine hours without a network.
//            2. An RTC that agrees with the wall clock within a day (one without a battery starts in 1970), or a
//               hypervisor's clock: kept. Guests often have no NTP of their own.
//            3. Else nobody. Once NTP has set the clock, it stays so for the life of the process.
// Thread     any.
// Ownership  none.
// Limits     asks at most once a second; in between answers as before.
// Errors     none: a file that is not there or can't be read says nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>

#include "base/time.h"

namespace weir {

enum class KernelClock { synchronised, unsynchronised, refused };
KernelClock ask_kernel_clock();

/// No clock that is set says less: the program is younger.
inline constexpr Timestamp clock_floor = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

class ClockSync {
 public:
  struct Sources {
    std::function<KernelClock()> kernel = ask_kernel_clock;
    std::filesystem::path rtcs = "/sys/class/rtc";
    std::filesystem::path clock_sources = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
    std::filesystem::path timesync = "/run/systemd/timesync/synchronized";
  };
  explicit ClockSync(Sources sources) : sources_(std::move(sources)) {}
  ClockSync() : ClockSync(Sources()) {}

  ClockSource source(Timestamp wall, Monotonic at);

 private:
  ClockSource ask(Timestamp wall) const;
  bool rtc_agrees(Timestamp wall) const;
  bool under_hypervisor() const;

  const Sources sources_;
  std::mutex mutex_;  // protects all below
  ClockSource source_ = ClockSource::none;
  std::optional<Monotonic> asked_;
};

}  // namespace weir
