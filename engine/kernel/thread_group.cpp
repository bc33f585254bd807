// Thread groups, process groups, sessions: the parts that are not about ending or stopping.

#include "engine/kernel/thread_group.h"

#include "engine/kernel/cpu_timers.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/posix_timer.h"

#include <algorithm>

namespace ringside::kernel {

Session::~Session()
{
    lose_terminal();
    kernel.processes().forget(*this);
}

void Session::take_terminal(ControllingTerminal& terminal, Pid foreground_group)
{
    terminal_ = &terminal;
    terminal.session_ = this;
    foreground = foreground_group;
}

void Session::lose_terminal()
{
    if (terminal_)
        terminal_->session_ = nullptr;
    terminal_ = nullptr;
    foreground = 0;
}

ProcessGroup::~ProcessGroup()
{
    session->kernel.processes().forget(*this);
}

bool ProcessGroup::orphaned() const
{
    for (const ThreadGroup* member : members) {
        if (member->zombie())
            continue;
        // The reaper stands for the shell that started the sandbox: it is in the first session.
        if (!member->parent) {
            if (session.get() == &session->kernel.first_session() && member->tgid() == first_pid)
                return false;
            continue;
        }
        if (&member->parent->session() == session.get() && &member->parent->process_group() != this)
            return false;
    }
    return true;
}

void Usage::add(const Usage& other)
{
    user += other.user;
    system += other.system;
    minor_faults += other.minor_faults;
    major_faults += other.major_faults;
    voluntary += other.voluntary;
    involuntary += other.involuntary;
    max_rss = std::max(max_rss, other.max_rss);
}

rusage Usage::to_rusage() const
{
    rusage result {};
    result.ru_utime = to_timeval(user);
    result.ru_stime = to_timeval(system);
    result.ru_maxrss = static_cast<long>(max_rss / 1024);
    result.ru_minflt = static_cast<long>(minor_faults);
    result.ru_majflt = static_cast<long>(major_faults);
    result.ru_nvcsw = static_cast<long>(voluntary);
    result.ru_nivcsw = static_cast<long>(involuntary);
    return result;
}

ThreadGroup::ThreadGroup(Kernel& kernel, Pid tgid)
    : handlers(make_ref<SignalHandlers>())
    , start_time(monotonic_now())
    , kernel_(kernel)
    , tgid_(tgid)
{
    cpu_timers = std::make_unique<CpuTimers>(*this);
    kernel.processes().add(*this);
}

ThreadGroup::~ThreadGroup()
{
    kernel_.processes().join(*this, {});
    kernel_.processes().remove(*this);
}

Usage ThreadGroup::total_usage() const
{
    Usage total = usage;
    for (const Task* task : tasks_)
        total.add(task->usage());
    return total;
}

}
