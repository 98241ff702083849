/* Loaded into a program with LD_PRELOAD: its clocks stand where the file says that STOPPED_CLOCK names, which has three
 * 64-bit numbers of nanoseconds: the wall clock; where the monotonic clock stops; what is added to the machine's own
 * monotonic clock until it gets there. Timers go on firing in the machine's time, so the program never hangs in one: it
 * looks at its clock, finds that it is too early, and waits again.
 * libfaketime would do but for the absolute deadlines of timerfd, which it moves, and on which Asio's timers stand. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { wall, monotonic_end, monotonic_shift, numbers };
static const int64_t second = 1000000000;
static const volatile int64_t *stopped;
static int (*machine_clock)(clockid_t, struct timespec *);

__attribute__((constructor)) static void open_clock(void) {
    machine_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const char *path = getenv("STOPPED_CLOCK");
    const int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *const mapped = file < 0 ? MAP_FAILED : mmap(NULL, numbers * sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    if (mapped != MAP_FAILED) stopped = mapped;
}

static int64_t now(clockid_t which) {
    if (which == CLOCK_REALTIME) return stopped[wall];
    struct timespec machine;
    machine_clock(CLOCK_MONOTONIC, &machine);
    const int64_t shifted = machine.tv_sec * second + machine.tv_nsec + stopped[monotonic_shift];
    return shifted < stopped[monotonic_end] ? shifted : stopped[monotonic_end];
}

int clock_gettime(clockid_t which, struct timespec *time) {
    if (which == CLOCK_REALTIME_COARSE) which = CLOCK_REALTIME;
    if (which == CLOCK_MONOTONIC_COARSE) which = CLOCK_MONOTONIC;
    if (!machine_clock) open_clock();
    if (!stopped || (which != CLOCK_REALTIME && which != CLOCK_MONOTONIC)) return machine_clock(which, time);
    const int64_t at = now(which);
    time->tv_sec = at / second;
    time->tv_nsec = at % second;
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
