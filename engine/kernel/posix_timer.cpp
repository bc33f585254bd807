// Timers of a process.

#include "engine/kernel/posix_timer.h"

#include "engine/kernel/clock.h"
#include "engine/kernel/kernel.h"

#include <algorithm>
#include <climits>

namespace ringside::kernel {

namespace {

Nanoseconds left(const Timer& timer)
{
    if (!timer.armed())
        return 0;
    Nanoseconds now = monotonic_now();
    return std::max<Nanoseconds>(1, timer.deadline() > now ? timer.deadline() - now : 0);
}

}

PosixTimer::PosixTimer(ThreadGroup& group, int id, clockid_t clock, int notify, int signo, std::uint64_t value, Pid thread)
    : group_(group)
    , id_(id)
    , clock_(clock)
    , notify_(notify)
    , signo_(signo)
    , value_(value)
    , thread_(thread)
    , timer_(group.kernel().timers(), [this] { fire(); })
{
}

PosixTimer::Setting PosixTimer::get()
{
    return {left(timer_), interval_};
}

void PosixTimer::set(Task& task, Setting setting, bool absolute)
{
    timer_.disarm();
    overrun_ = overrun_taken_ = 0;
    interval_ = setting.interval;
    if (setting.value == 0)
        return;
    auto deadline = monotonic_deadline(task, clock_, setting.value, absolute);
    timer_.arm(deadline.ok() ? deadline.value() : monotonic_now());
}

void PosixTimer::fire()
{
    if (interval_ > 0) {
        Nanoseconds now = monotonic_now();
        Nanoseconds missed = now > timer_.deadline() ? (now - timer_.deadline()) / interval_ : 0;
        overrun_ = static_cast<int>(std::min<Nanoseconds>(static_cast<Nanoseconds>(overrun_) + missed, INT_MAX));
        timer_.arm(timer_.deadline() + (missed + 1) * interval_);
    }
    if (notify_ == SIGEV_NONE)
        return;
    Task* target = notify_ == SIGEV_THREAD_ID ? group_.kernel().processes().task(thread_) : nullptr;
    if (notify_ == SIGEV_THREAD_ID && (!target || &target->group() != &group_))
        return;
    SignalQueue& queue = target ? target->signals().queue : group_.shared_queue;
    if (queue.has_timer(id_)) { // one signal at most is queued; what comes more is counted
        overrun_ = overrun_ == INT_MAX ? INT_MAX : overrun_ + 1;
        return;
    }
    siginfo_t info = make_siginfo(signo_, SI_TIMER);
    info.si_timerid = id_;
    info.si_value.sival_ptr = reinterpret_cast<void*>(value_);
    if (target)
        send_signal(*target, info);
    else
        send_signal(group_, info);
}

void PosixTimer::taken(siginfo_t& info)
{
    overrun_taken_ = std::exchange(overrun_, 0);
    info.si_overrun = overrun_taken_;
}

PosixTimer::Setting get_real_timer(const ThreadGroup& group)
{
    if (!group.real_timer.timer)
        return {};
    return {left(*group.real_timer.timer), group.real_timer.interval};
}

PosixTimer::Setting set_real_timer(ThreadGroup& group, PosixTimer::Setting setting)
{
    PosixTimer::Setting old = get_real_timer(group);
    auto& real = group.real_timer;
    if (!real.timer) {
        real.timer = std::make_unique<Timer>(group.kernel().timers(), [&group] {
            auto& fired = group.real_timer;
            if (fired.interval > 0)
                fired.timer->arm(std::max(fired.timer->deadline() + fired.interval, monotonic_now()));
            send_signal(group, make_siginfo(SIGALRM, SI_KERNEL));
        });
    }
    real.interval = setting.interval;
    if (setting.value > 0)
        real.timer->arm(monotonic_now() + setting.value);
    else
        real.timer->disarm();
    return old;
}

void timer_signal_taken(Task& task, siginfo_t& info)
{
    if (info.si_code != SI_TIMER)
        return;
    auto& timers = task.group().posix_timers;
    if (auto it = timers.find(info.si_timerid); it != timers.end())
        it->second->taken(info);
}

}
