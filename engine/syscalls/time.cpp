// Clocks and sleeps: clock_gettime(2), clock_getres(2), clock_settime(2), gettimeofday(2), settimeofday(2), time(2), times(2),
// nanosleep(2), clock_nanosleep(2).

#include "engine/kernel/clock.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"

#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>

namespace ringside::syscalls {

namespace {

using kernel::Nanoseconds;

Result<long> clock_gettime(Task& task, clockid_t clock, GuestPtr<timespec> to)
{
    Nanoseconds now = TRY(kernel::read_clock(task, clock));
    TRY(task.copy_out(to, kernel::to_timespec(now)));
    return 0;
}

Result<long> clock_getres(Task& task, clockid_t clock, GuestPtr<timespec> to)
{
    constexpr Nanoseconds tick = 4'000'000; // CONFIG_HZ=250
    (void)TRY(kernel::read_clock(task, clock));
    bool coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
    if (!to.is_null())
        TRY(task.copy_out(to, kernel::to_timespec(coarse ? tick : 1)));
    return 0;
}

Result<long> clock_settime(Task& task, clockid_t clock, GuestPtr<timespec> from)
{
    if (clock != CLOCK_REALTIME)
        return Errno(EINVAL);
    (void)TRY(kernel::from_timespec(TRY(task.copy_in(from))));
    return Errno(EPERM); // nobody in a sandbox sets the clock
}

Result<long> gettimeofday(Task& task, GuestPtr<timeval> to, GuestPtr<struct timezone> zone)
{
    Nanoseconds now = kernel::realtime_now();
    if (!to.is_null())
        TRY(task.copy_out(to, kernel::to_timeval(now)));
    if (!zone.is_null())
        TRY(task.copy_out(zone, {}));
    return 0;
}

Result<long> settimeofday(Task&, GuestPtr<timeval>, GuestPtr<struct timezone>)
{
    return Errno(EPERM);
}

Result<long> time(Task& task, GuestPtr<std::int64_t> to)
{
    // The second that the last tick was in, as Linux answers: not that of gettimeofday(2) to the microsecond.
    auto now = static_cast<std::int64_t>(TRY(kernel::read_clock(task, CLOCK_REALTIME_COARSE)) / kernel::second);
    if (!to.is_null())
        TRY(task.copy_out(to, now));
    return now;
}

Result<long> times(Task& task, GuestPtr<tms> to)
{
    constexpr Nanoseconds tick = kernel::second / 100;
    if (!to.is_null()) {
        kernel::Usage own = task.group().total_usage();
        const kernel::Usage& children = task.group().children_usage;
        auto ticks = [](Nanoseconds time) { return static_cast<clock_t>(time / tick); };
        TRY(task.copy_out(to, {ticks(own.user), ticks(own.system), ticks(children.user), ticks(children.system)}));
    }
    return static_cast<long>(kernel::boottime_now() / tick);
}

/// Until `deadline` of CLOCK_MONOTONIC. What is left goes to `remain` when a signal ends it; a relative sleep goes on afterwards.
Result<long> sleep_until(Task& task, Nanoseconds deadline, GuestPtr<timespec> remain, bool relative)
{
    kernel::WaitQueue nobody;
    auto slept = nobody.wait(task, deadline);
    if (!slept.ok() && slept.error() == ETIMEDOUT)
        return 0;
    if (!relative)
        return Errno(ERESTARTNOHAND);
    Nanoseconds now = kernel::monotonic_now();
    if (!remain.is_null())
        TRY(task.copy_out(remain, kernel::to_timespec(deadline > now ? deadline - now : 0)));
    task.set_restart([=](Task& self) { return sleep_until(self, deadline, remain, true); });
    return Errno(ERESTART_RESTARTBLOCK);
}

Result<long> nanosleep(Task& task, GuestPtr<timespec> request, GuestPtr<timespec> remain)
{
    Nanoseconds time = TRY(kernel::from_timespec(TRY(task.copy_in(request))));
    return sleep_until(task, TRY(kernel::monotonic_deadline(task, CLOCK_MONOTONIC, time, false)), remain, true);
}

Result<long> clock_nanosleep(Task& task, clockid_t clock, int flags, GuestPtr<timespec> request, GuestPtr<timespec> remain)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_TAI:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
        break;
    case CLOCK_PROCESS_CPUTIME_ID:
        task.recorder().unsupported();
        return Errno(EOPNOTSUPP);
    case CLOCK_THREAD_CPUTIME_ID: // no sleep by it; the EINVAL of the man page is the library's
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
        return Errno(EOPNOTSUPP);
    default:
        return Errno(EINVAL);
    }
    Nanoseconds time = TRY(kernel::from_timespec(TRY(task.copy_in(request))));
    bool absolute = (flags & TIMER_ABSTIME) != 0;
    return sleep_until(task, TRY(kernel::monotonic_deadline(task, clock, time, absolute)), remain, !absolute);
}

const Register<SYS_clock_gettime, clock_gettime> r_clock_gettime;
const Register<SYS_clock_getres, clock_getres> r_clock_getres;
const Register<SYS_clock_settime, clock_settime> r_clock_settime;
const Register<SYS_gettimeofday, gettimeofday> r_gettimeofday;
const Register<SYS_settimeofday, settimeofday> r_settimeofday;
const Register<SYS_time, time> r_time;
const Register<SYS_times, times> r_times;
const Register<SYS_nanosleep, nanosleep> r_nanosleep;
const Register<SYS_clock_nanosleep, clock_nanosleep> r_clock_nanosleep("CLOCK_PROCESS_CPUTIME_ID");

}

}
