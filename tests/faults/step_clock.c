#define _GNU_SOURCE /* O_CLOEXEC, CLOCK_REALTIME */
/* Preloaded into the gateway: its wall clock is off by what the first eight bytes of the file WEIR_STEP say (nanoseconds).
 * Intervals go on as they do: that is what setting a clock does. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t* step;

__attribute__((constructor)) static void find_step(void) {
  const char* path = getenv("WEIR_STEP");
  const int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  void* page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *step, PROT_READ, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) step = page;
  if (fd >= 0) close(fd);
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int64_t second = 1000000000;
  const long failed = syscall(SYS_clock_gettime, clock, now);
  if (failed == 0 && step != NULL && clock == CLOCK_REALTIME) {
    const int64_t all = now->tv_sec * second + now->tv_nsec + *step;
    now->tv_sec = all / second;
    now->tv_nsec = all % second;
  }
  return (int)failed;
}
