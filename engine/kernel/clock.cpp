// Clocks: the host's, without a host call where its vDSO answers.

#include "engine/kernel/clock.h"

#include "engine/kernel/thread_group.h"

#include <limits>

namespace ringside::kernel {

namespace {

Nanoseconds read_host(clockid_t clock)
{
    timespec time {};
    ::clock_gettime(clock, &time);
    return static_cast<Nanoseconds>(time.tv_sec) * second + static_cast<Nanoseconds>(time.tv_nsec);
}

}

Nanoseconds monotonic_now()
{
    return read_host(CLOCK_MONOTONIC);
}

Nanoseconds realtime_now()
{
    return read_host(CLOCK_REALTIME);
}

Nanoseconds boottime_now()
{
    return read_host(CLOCK_BOOTTIME);
}

timespec to_timespec(Nanoseconds time)
{
    return {static_cast<time_t>(time / second), static_cast<long>(time % second)};
}

timeval to_timeval(Nanoseconds time)
{
    return {static_cast<time_t>(time / second), static_cast<suseconds_t>(time % second / 1000)};
}

Result<Nanoseconds> from_timespec(const timespec& time)
{
    if (time.tv_sec < 0 || time.tv_nsec < 0 || time.tv_nsec >= static_cast<long>(second))
        return Errno(EINVAL);
    constexpr auto max = static_cast<Nanoseconds>(std::numeric_limits<std::int64_t>::max());
    auto seconds = static_cast<Nanoseconds>(time.tv_sec);
    if (seconds >= max / second)
        return max;
    return seconds * second + static_cast<Nanoseconds>(time.tv_nsec);
}

Result<Nanoseconds> read_clock(Task& task, clockid_t clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI: // each as the host has it, or what the guest's vDSO says would differ
        return read_host(clock);
    case CLOCK_PROCESS_CPUTIME_ID: {
        Usage usage = task.group().total_usage();
        return usage.user + usage.system;
    }
    case CLOCK_THREAD_CPUTIME_ID:
        return task.usage().user + task.usage().system;
    default:
        return Errno(EINVAL);
    }
}

Result<Nanoseconds> monotonic_deadline(Task& task, clockid_t clock, Nanoseconds time, bool absolute)
{
    constexpr auto max = static_cast<Nanoseconds>(std::numeric_limits<std::int64_t>::max());
    Nanoseconds now = monotonic_now();
    if (absolute) {
        Nanoseconds clock_now = TRY(read_clock(task, clock));
        time = time > clock_now ? time - clock_now : 0;
    }
    return time > max - now ? max : now + time;
}

}
