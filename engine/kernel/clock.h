// The clocks as the kernel reads them. The host's, through the Sentry's own vDSO: no host call.
#pragma once

#include "engine/base/result.h"
#include "engine/kernel/wait_queue.h"

#include <ctime>
#include <sys/time.h>

namespace ringside::kernel {

class Task;

constexpr Nanoseconds second = 1'000'000'000;

/// CLOCK_MONOTONIC, the time that timers and deadlines are in.
Nanoseconds monotonic_now();
/// CLOCK_REALTIME, since 1970.
Nanoseconds realtime_now();
/// CLOCK_BOOTTIME.
Nanoseconds boottime_now();

timespec to_timespec(Nanoseconds time);
/// Cut to microseconds.
timeval to_timeval(Nanoseconds time);
/// EINVAL where it is negative or tv_nsec is out of range. Times past 292 years are cut.
Result<Nanoseconds> from_timespec(const timespec& time);

/// What guest clock `clock` shows now. EINVAL for an unknown one.
Result<Nanoseconds> read_clock(Task& task, clockid_t clock);
/// The CLOCK_MONOTONIC deadline of a time of `clock` (relative, or absolute). EINVAL.
Result<Nanoseconds> monotonic_deadline(Task& task, clockid_t clock, Nanoseconds time, bool absolute);

}
