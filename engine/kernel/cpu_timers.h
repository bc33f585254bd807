// Timers of the processor time that a process uses: setitimer(ITIMER_VIRTUAL, ITIMER_PROF), RLIMIT_CPU.
//
// The host counts for us only at switches, so that while something is to come a kernel timer looks again when it could have come at the
// earliest: what is left, divided by the threads that run. A process that does nothing is not looked at.
#pragma once

#include "engine/kernel/posix_timer.h"

namespace ringside::kernel {

class CpuTimers {
public:
    explicit CpuTimers(ThreadGroup& group);
    enum class Which { user, all }; ///< ITIMER_VIRTUAL counts user time, ITIMER_PROF both
    /// value 0: disarms. The old setting.
    PosixTimer::Setting set(Which which, PosixTimer::Setting setting);
    PosixTimer::Setting get(Which which) const;
    /// A task enters the guest, or RLIMIT_CPU has changed: looks when something can have come.
    void running();

private:
    struct Interval {
        Nanoseconds expiry = 0; ///< of the process' processor time, 0: disarmed
        Nanoseconds interval = 0;
    };
    Nanoseconds used(Which which) const;
    void check();
    void check_interval(Interval& interval, Which which, int signo);
    void check_limit();
    /// Processor time until the next of them, if any is armed.
    std::optional<Nanoseconds> left() const;
    ThreadGroup& group_;
    Interval user_, all_;
    Nanoseconds next_warning_ = 0; ///< SIGXCPU comes again each second past the soft limit
    Timer timer_;
};

}
