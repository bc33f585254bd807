// Timers of processor time.

#include "engine/kernel/cpu_timers.h"

#include "engine/kernel/clock.h"
#include "engine/kernel/kernel.h"

#include <algorithm>

namespace ringside::kernel {

namespace {

constexpr Nanoseconds tick = 1'000'000; ///< never looked at more often

}

CpuTimers::CpuTimers(ThreadGroup& group)
    : group_(group)
    , timer_(group.kernel().timers(), [this] { check(); })
{
}

Nanoseconds CpuTimers::used(Which which) const
{
    Usage usage = group_.total_usage();
    return which == Which::user ? usage.user : usage.user + usage.system;
}

PosixTimer::Setting CpuTimers::get(Which which) const
{
    const Interval& interval = which == Which::user ? user_ : all_;
    if (interval.expiry == 0)
        return {0, interval.interval};
    Nanoseconds now = used(which);
    return {interval.expiry > now ? interval.expiry - now : tick, interval.interval};
}

PosixTimer::Setting CpuTimers::set(Which which, PosixTimer::Setting setting)
{
    PosixTimer::Setting old = get(which);
    Interval& interval = which == Which::user ? user_ : all_;
    interval.interval = setting.interval;
    interval.expiry = setting.value > 0 ? used(which) + setting.value : 0;
    running();
    return old;
}

std::optional<Nanoseconds> CpuTimers::left() const
{
    std::optional<Nanoseconds> least;
    auto consider = [&](Nanoseconds expiry, Which which) {
        Nanoseconds now = used(which);
        Nanoseconds rest = expiry > now ? expiry - now : 0;
        least = std::min(least.value_or(rest), rest);
    };
    if (user_.expiry)
        consider(user_.expiry, Which::user);
    if (all_.expiry)
        consider(all_.expiry, Which::all);
    const Limits::Limit& limit = group_.limits.get(RLIMIT_CPU);
    for (std::uint64_t seconds : {limit.soft, limit.hard})
        if (seconds < Limits::infinity / second)
            consider(std::max(seconds * second, seconds == limit.hard ? 0 : next_warning_), Which::all);
    return least;
}

void CpuTimers::running()
{
    if (timer_.armed())
        return;
    if (auto rest = left())
        timer_.arm(monotonic_now() + std::max(tick, *rest / std::max<std::size_t>(1, group_.tasks().size())));
}

void CpuTimers::check()
{
    check_interval(user_, Which::user, SIGVTALRM);
    check_interval(all_, Which::all, SIGPROF);
    check_limit();
    // One that sleeps is looked at again when it runs.
    bool runs = std::any_of(group_.tasks().begin(), group_.tasks().end(), [](const Task* task) { return task->state_letter() == 'R'; });
    if (runs)
        running();
}

void CpuTimers::check_interval(Interval& interval, Which which, int signo)
{
    if (interval.expiry == 0 || used(which) < interval.expiry)
        return;
    interval.expiry = interval.interval > 0 ? interval.expiry + interval.interval : 0;
    send_signal(group_, make_siginfo(signo, SI_KERNEL));
}

void CpuTimers::check_limit()
{
    const Limits::Limit& limit = group_.limits.get(RLIMIT_CPU);
    Nanoseconds now = used(Which::all);
    auto reached = [&](std::uint64_t seconds) { return seconds < Limits::infinity / second && now >= seconds * second; };
    if (reached(limit.hard)) {
        send_signal(group_, make_siginfo(SIGKILL, SI_KERNEL));
    } else if (reached(limit.soft) && now >= next_warning_) {
        next_warning_ = (now / second + 1) * second;
        send_signal(group_, make_siginfo(SIGXCPU, SI_KERNEL));
    }
}

}
