// Job control. The stop is of the group; each thread comes to it by itself.

#include "engine/kernel/job_control.h"

#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/record/task_recorder.h"

#include <algorithm>

namespace ringside::kernel {

struct JobControl {
    static void stop(ThreadGroup& group, int signo)
    {
        group.stopped_ = true;
        group.stop_signal_ = signo;
        group.stopped_tasks_ = 0;
        group.continue_pending_ = false;
        for (Task* task : group.tasks_)
            wake_for_signals(*task, false);
    }

    static void stay(Task& task)
    {
        ThreadGroup& group = *task.group_;
        task.stopped_here_ = true;
        if (++group.stopped_tasks_ >= group.tasks_.size())
            all_stopped(group, task);
        // Only SIGKILL ends a stop early: other fatal signals wait for SIGCONT (wants_signal).
        while (group.stopped_ && !group.exiting() && !pending_signals(task).has(SIGKILL))
            (void)group.stop_queue_.wait(task, {}, Interruptible::no);
        task.stopped_here_ = false;
    }

    static void all_stopped(ThreadGroup& group, Task& task)
    {
        group.stop_reported_ = false;
        std::array<std::uint64_t, 1> args {};
        task.recorder().note(task, trace::EventKind::stop, group.stop_signal_, 0, args);
        notify_parent(group, CLD_STOPPED, group.stop_signal_);
        Kernel& kernel = group.kernel();
        if (group.tgid() == first_pid && kernel.options().first_process_stopped)
            kernel.options().first_process_stopped(group.stop_signal_);
    }

    static void go_on(ThreadGroup& group)
    {
        if (!group.stopped_)
            return;
        group.stopped_ = false;
        group.stop_reported_ = true;
        group.continue_pending_ = true;
        group.stop_queue_.wake_all();
        notify_parent(group, CLD_CONTINUED, SIGCONT);
    }
};

void stop_group(ThreadGroup& group, int signo)
{
    JobControl::stop(group, signo);
}

void stay_stopped(Task& task)
{
    JobControl::stay(task);
}

void continue_group(ThreadGroup& group)
{
    JobControl::go_on(group);
}

void notify_parent(ThreadGroup& group, int code, int status)
{
    ThreadGroup* parent = group.parent;
    if (!parent)
        return;
    int signo = code == CLD_STOPPED || code == CLD_CONTINUED ? SIGCHLD : group.exit_signal;
    bool stops_unwanted = (code == CLD_STOPPED || code == CLD_CONTINUED) && (parent->handlers->get(SIGCHLD).flags & SA_NOCLDSTOP);
    if (signo > 0 && !stops_unwanted) {
        siginfo_t info = make_siginfo(signo, code);
        info.si_pid = group.tgid();
        if (const Task* task = group.any_task() ? group.any_task() : group.leader())
            info.si_uid = task->credentials().uid;
        info.si_status = status;
        Usage usage = group.total_usage();
        usage.add(group.children_usage);
        constexpr Nanoseconds tick = second / 100;
        info.si_utime = static_cast<clock_t>(usage.user / tick);
        info.si_stime = static_cast<clock_t>(usage.system / tick);
        send_signal(*parent, info);
    }
    parent->child_queue.wake_all();
}

void check_orphaned(ProcessGroup& processes)
{
    bool has_stopped = std::any_of(processes.members.begin(), processes.members.end(), [](const ThreadGroup* group) { return group->stopped(); });
    if (!has_stopped || !processes.orphaned())
        return;
    send_signal(processes, make_siginfo(SIGHUP, SI_KERNEL));
    send_signal(processes, make_siginfo(SIGCONT, SI_KERNEL));
}

}
