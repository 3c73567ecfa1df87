// What a process has cost so far.
//
// Purpose    CPU of all its threads, those that have ended included; its resident memory, now and at its highest.
// Thread     pure functions.
// Ownership  none.
// Limits     Linux; the clock counts nanoseconds, /proc's utime and stime are the same sum in ticks of 10 ms.
// Errors     std::runtime_error where there is no such process.
#pragma once

#include <cstdint>

#include <sys/types.h>

namespace weir::bench {

std::uint64_t cpu_ns_of(pid_t pid);
std::uint64_t resident_bytes_of(pid_t pid);
std::uint64_t resident_peak_of(pid_t pid);

}  // namespace weir::bench
