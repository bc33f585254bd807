// POSIX timers (timer_create) and the interval timer of setitimer(ITIMER_REAL).
#pragma once

#include "engine/kernel/signals.h"
#include "engine/kernel/thread_group.h"
#include "engine/kernel/timers.h"

namespace ringside::kernel {

class PosixTimer {
public:
    PosixTimer(ThreadGroup& group, int id, clockid_t clock, int notify, int signo, std::uint64_t value, Pid thread);
    struct Setting {
        Nanoseconds value = 0;    ///< until it fires next, 0: disarmed
        Nanoseconds interval = 0;
    };
    /// What is left now.
    Setting get();
    /// `absolute`: `value` is a time of the timer's clock.
    void set(Task& task, Setting setting, bool absolute);
    /// Overruns of the signal that was taken last.
    int overrun() const { return overrun_taken_; }
    /// Its signal is being taken: the next one may be queued; the overruns go with this one.
    void taken(siginfo_t& info);
    int id() const { return id_; }

private:
    void fire();
    ThreadGroup& group_;
    int id_;
    clockid_t clock_;
    int notify_; ///< SIGEV_*
    int signo_;
    std::uint64_t value_;
    Pid thread_;
    Nanoseconds interval_ = 0;
    int overrun_ = 0;
    int overrun_taken_ = 0;
    Timer timer_;
};

/// setitimer(ITIMER_REAL): arms it (value 0: disarms). The old setting.
PosixTimer::Setting set_real_timer(ThreadGroup& group, PosixTimer::Setting setting);
PosixTimer::Setting get_real_timer(const ThreadGroup& group);
/// Tells a POSIX timer that its signal has been dequeued.
void timer_signal_taken(Task& task, siginfo_t& info);

}
