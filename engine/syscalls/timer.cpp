// Timers that send signals: alarm(2), setitimer(2), getitimer(2), timer_create(2) and its family.

#include "engine/kernel/clock.h"
#include "engine/kernel/cpu_timers.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/posix_timer.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"

#include <sys/time.h>

namespace ringside::syscalls {

namespace {

using kernel::Nanoseconds;
using kernel::CpuTimers;
using kernel::PosixTimer;

Result<long> alarm(Task& task, unsigned seconds)
{
    auto old = kernel::set_real_timer(task.group(), {.value = seconds * kernel::second});
    // Rounded, but never to 0 while one was running (alarm_setitimer).
    Nanoseconds left = (old.value + kernel::second / 2) / kernel::second;
    return static_cast<long>(old.value > 0 && left == 0 ? 1 : left);
}

Result<Nanoseconds> from_timeval(const timeval& time)
{
    constexpr long microseconds = 1'000'000;
    if (time.tv_sec < 0 || time.tv_usec < 0 || time.tv_usec >= microseconds)
        return Errno(EINVAL);
    return kernel::from_timespec({time.tv_sec, time.tv_usec * 1000});
}

itimerval to_itimerval(const PosixTimer::Setting& setting)
{
    return {kernel::to_timeval(setting.interval), kernel::to_timeval(setting.value)};
}

PosixTimer::Setting get(Task& task, int which)
{
    if (which == ITIMER_REAL)
        return kernel::get_real_timer(task.group());
    return task.group().cpu_timers->get(which == ITIMER_VIRTUAL ? CpuTimers::Which::user : CpuTimers::Which::all);
}

Result<long> getitimer(Task& task, int which, GuestPtr<itimerval> to)
{
    if (which < ITIMER_REAL || which > ITIMER_PROF)
        return Errno(EINVAL);
    TRY(task.copy_out(to, to_itimerval(get(task, which))));
    return 0;
}

Result<long> setitimer(Task& task, int which, GuestPtr<itimerval> from, GuestPtr<itimerval> old)
{
    itimerval wanted {};
    if (!from.is_null())
        wanted = TRY(task.copy_in(from));
    PosixTimer::Setting setting {TRY(from_timeval(wanted.it_value)), TRY(from_timeval(wanted.it_interval))};
    if (which < ITIMER_REAL || which > ITIMER_PROF)
        return Errno(EINVAL);
    PosixTimer::Setting before = get(task, which);
    if (which == ITIMER_REAL)
        kernel::set_real_timer(task.group(), setting);
    else
        task.group().cpu_timers->set(which == ITIMER_VIRTUAL ? CpuTimers::Which::user : CpuTimers::Which::all, setting);
    if (!old.is_null())
        TRY(task.copy_out(old, to_itimerval(before)));
    return 0;
}

/// struct sigevent as the kernel has it.
struct SigEvent {
    std::uint64_t value;
    std::int32_t signo;
    std::int32_t notify;
    std::int32_t thread;
    std::int32_t padding[11];
};
static_assert(sizeof(SigEvent) == 64);

Result<long> timer_create(Task& task, clockid_t clock, GuestPtr<SigEvent> at, GuestPtr<int> id)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
        break;
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
        task.recorder().unsupported();
        return Errno(EINVAL);
    default:
        return Errno(EINVAL);
    }
    kernel::ThreadGroup& group = task.group();
    SigEvent event {};
    event.signo = SIGALRM;
    event.notify = SIGEV_SIGNAL;
    int number = group.next_timer_id;
    event.value = static_cast<std::uint64_t>(number);
    if (!at.is_null())
        event = TRY(task.copy_in(at));
    switch (event.notify) {
    case SIGEV_THREAD_ID: {
        kernel::Task* thread = task.kernel().processes().task(event.thread);
        if (!thread || &thread->group() != &group)
            return Errno(EINVAL);
        [[fallthrough]];
    }
    case SIGEV_SIGNAL:
    case SIGEV_THREAD:
        if (event.signo <= 0 || event.signo > kernel::signal_count)
            return Errno(EINVAL);
        break;
    case SIGEV_NONE:
        break;
    default:
        return Errno(EINVAL);
    }
    TRY(task.copy_out(id, number));
    group.posix_timers[number] = std::make_unique<PosixTimer>(group, number, clock, event.notify, event.signo, event.value, event.thread);
    ++group.next_timer_id;
    return 0;
}

Result<PosixTimer*> find(Task& task, int id)
{
    auto it = task.group().posix_timers.find(id);
    if (it == task.group().posix_timers.end())
        return Errno(EINVAL);
    return it->second.get();
}

itimerspec to_itimerspec(const PosixTimer::Setting& setting)
{
    return {kernel::to_timespec(setting.interval), kernel::to_timespec(setting.value)};
}

Result<long> timer_settime(Task& task, int id, int flags, GuestPtr<itimerspec> from, GuestPtr<itimerspec> old)
{
    if (from.is_null())
        return Errno(EINVAL);
    itimerspec wanted = TRY(task.copy_in(from));
    Nanoseconds value = TRY(kernel::from_timespec(wanted.it_value)), interval = TRY(kernel::from_timespec(wanted.it_interval));
    PosixTimer* timer = TRY(find(task, id));
    auto before = timer->get();
    timer->set(task, {value, interval}, (flags & TIMER_ABSTIME) != 0);
    if (!old.is_null())
        TRY(task.copy_out(old, to_itimerspec(before)));
    return 0;
}

Result<long> timer_gettime(Task& task, int id, GuestPtr<itimerspec> to)
{
    PosixTimer* timer = TRY(find(task, id));
    TRY(task.copy_out(to, to_itimerspec(timer->get())));
    return 0;
}

Result<long> timer_getoverrun(Task& task, int id)
{
    return TRY(find(task, id))->overrun();
}

Result<long> timer_delete(Task& task, int id)
{
    (void)TRY(find(task, id));
    task.group().posix_timers.erase(id);
    return 0;
}

const Register<SYS_alarm, alarm> r_alarm;
const Register<SYS_getitimer, getitimer> r_getitimer;
const Register<SYS_setitimer, setitimer> r_setitimer;
const Register<SYS_timer_create, timer_create> r_timer_create("clocks of processor time");
const Register<SYS_timer_settime, timer_settime> r_timer_settime;
const Register<SYS_timer_gettime, timer_gettime> r_timer_gettime;
const Register<SYS_timer_getoverrun, timer_getoverrun> r_timer_getoverrun;
const Register<SYS_timer_delete, timer_delete> r_timer_delete;

}

}
