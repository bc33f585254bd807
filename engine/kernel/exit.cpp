// The end of tasks and processes.

#include "engine/kernel/exit.h"

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/ipc/state.h"
#include "engine/kernel/cpu_timers.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/fiber.h"
#include "engine/kernel/futex.h"
#include "engine/kernel/job_control.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/posix_timer.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"

#include <algorithm>

namespace ringside::kernel {

struct Exit {
    static void begin(ThreadGroup& group, int status)
    {
        if (group.exit_status_)
            return;
        group.exit_status_ = status;
        group.stop_queue_.wake_all();
        for (Task* task : group.tasks_)
            wake_for_signals(*task, true);
    }

    static void end_task(Task& task)
    {
        Ref<ThreadGroup> group = task.group_;
        task.exiting_ = true;
        if (group->exit_status_)
            task.exit_code_ = *group->exit_status_;
        bool last = group->tasks_.size() == 1;
        if (last) // whoever ends last speaks for the process (synchronize_group_exit)
            group->wait_status_ = task.exit_code_;

        std::array<std::uint64_t, 1> args {};
        task.recorder().note_begin(task, trace::EventKind::exit, last ? 1 : 0, args);
        give_up(task);
        task.recorder().thread_end(task, task.exit_code_);
        if (last)
            task.recorder().process_end(task, group->wait_status_);
        task.recorder().note_end(task, last ? group->wait_status_ : task.exit_code_);

        group->usage.add(*task.usage_);
        *task.usage_ = {};
        std::erase(group->tasks_, &task);
        group->threads_queue_.wake_all();
        if (&task != group->leader_)
            release(task);
        if (last)
            end_group(*group);
    }

    /// All that the guest could notice of a thread's end, then what it held.
    static void give_up(Task& task)
    {
        clear_child_tid(task);
        if (task.group_->tasks_.size() == 1)
            ipc::process_ended(*task.group_);
        leave_futexes(task);
        task.left_futexes = true;
        if (task.recorder().enabled()) {
            if (!task.at_event_)
                doubt_memory(task);
            task.recorder().memory_digest(task, task.group_->has_executed);
            task.group_->stacks_left.insert(page_down(task.registers().rsp));
        }
        task.release_vfork_parent();
        task.usage_->max_rss = std::max(task.usage_->max_rss, task.mm_->resident_bytes());
        if (task.files_ && task.files_->ref_count() == 1)
            task.files_->close_all(task);
        task.preemption_.reset();
        task.thread_.reset(); // before the address space that it runs in
        task.mm_ = {};
        task.files_ = {};
        task.fs_context_ = {};
        task.signals_->queue.clear();
    }

    /// Nobody can say what it has written since its last event.
    static void doubt_memory(Task& task)
    {
        for (const auto& [tid, other] : task.kernel().processes().tasks()) {
            if (other->mm_ == task.mm_)
                other->group_->memory_unsure = true;
        }
    }

    /// Its number is free; the object goes when its fiber has been left.
    static void release(Task& task)
    {
        Kernel& kernel = task.kernel();
        kernel.processes().remove(task);
        if (task.self_)
            kernel.graveyard_.push_back(std::move(task.self_));
        task.self_ = {};
    }

    static void end_group(ThreadGroup& group)
    {
        Kernel& kernel = group.kernel();
        group.zombie_ = true;
        group.stopped_ = false;
        group.real_timer.timer.reset();
        group.posix_timers.clear();
        group.cpu_timers = std::make_unique<CpuTimers>(group);
        group.shared_queue.clear();
        reparent_children(group);
        check_orphaned(group.process_group());
        if (group.is_session_leader())
            end_session(group.session());
        group.exit_queue.wake_all();
        if (group.tgid() == first_pid)
            end_first(kernel, group.wait_status_);
        if (!group.parent) {
            reap(group);
            return;
        }
        const SignalAction& action = group.parent->handlers->get(SIGCHLD);
        bool unwanted = group.exit_signal == SIGCHLD && (action.handler == handler_ignore || (action.flags & SA_NOCLDWAIT));
        int status = group.wait_status_;
        int code = (status & 0x7f) == 0 ? CLD_EXITED : (status & 0x80) ? CLD_DUMPED : CLD_KILLED;
        Ref<ThreadGroup> parent(group.parent);
        if (unwanted && action.handler == handler_ignore)
            group.exit_signal = 0;
        notify_parent(group, code, code == CLD_EXITED ? status >> 8 & 0xff : status & 0x7f);
        if (unwanted) {
            reap(group);
            parent->child_queue.wake_all(); // a wait for this one ends with ECHILD
        }
    }

    /// What the first process leaves behind goes on, as it would outside, unless the first one was ended from outside: by a signal, or by
    /// its own answer to SIGTERM or SIGHUP, as servers do. Not so SIGINT: of a shell at the terminal a ^C long ago says nothing.
    static void end_first(Kernel& kernel, int status)
    {
        kernel.first_status_ = status;
        int signo = status & 0x7f;
        const SignalSet& asked = kernel.asked_to_end_;
        if ((signo != 0 && asked.has(signo)) || asked.has(SIGTERM) || asked.has(SIGHUP))
            kernel.kill_all();
    }

    static void reparent_children(ThreadGroup& group)
    {
        Kernel& kernel = group.kernel();
        ThreadGroup* adopter = group.parent;
        while (adopter && (!adopter->child_subreaper || adopter->zombie_))
            adopter = adopter->parent;
        std::vector<Ref<ThreadGroup>> children = std::move(group.children);
        group.children.clear();
        for (const Ref<ThreadGroup>& child : children) {
            for (Task* task : child->tasks_)
                if (task->parent_death_signal)
                    send_signal(*task, make_siginfo(task->parent_death_signal, SI_USER));
            child->parent = adopter;
            child->exit_signal = SIGCHLD;
            (adopter ? adopter->children : kernel.orphans_).push_back(child);
            if (child->zombie_) {
                if (adopter)
                    notify_parent(*child, CLD_EXITED, child->wait_status_ >> 8 & 0xff);
                else
                    reap(*child);
            } else if (&child->process_group() != &group.process_group()) {
                check_orphaned(child->process_group());
            }
        }
    }

    /// The terminal hangs up (disassociate_ctty).
    static void end_session(Session& session)
    {
        session.leader = nullptr;
        Pid told = session.terminal() ? session.foreground : session.abandoned_foreground;
        if (ProcessGroup* foreground = session.kernel.processes().process_group(told)) {
            send_signal(*foreground, make_siginfo(SIGHUP, SI_KERNEL));
            if (!session.terminal())
                send_signal(*foreground, make_siginfo(SIGCONT, SI_KERNEL));
        }
        session.lose_terminal();
        session.abandoned_foreground = 0;
    }

    static void reap_group(ThreadGroup& group)
    {
        Ref<ThreadGroup> keep(&group);
        Kernel& kernel = group.kernel();
        if (group.parent) {
            group.parent->children_usage.add(group.usage);
            group.parent->children_usage.add(group.children_usage);
        }
        std::erase(group.parent ? group.parent->children : kernel.orphans_, keep);
        group.parent = nullptr;
        if (group.leader_)
            release(*group.leader_);
        group.leader_ = nullptr;
        kernel.processes().join(group, {});
        kernel.processes().remove(group);
    }
};

void ThreadGroup::begin_exit(int status)
{
    Exit::begin(*this, status);
}

void exit_task(Task& task)
{
    Exit::end_task(task);
}

void release_task(Task& task)
{
    Exit::release(task);
}

void reap(ThreadGroup& group)
{
    Exit::reap_group(group);
}

void Task::release_vfork_parent()
{
    if (vfork_done_)
        vfork_done_->complete();
    vfork_done_ = {};
}

void clear_child_tid(Task& task)
{
    if (task.clear_child_tid.is_null())
        return;
    GuestAddr word = task.clear_child_tid;
    task.clear_child_tid = {};
    if (task.mm().ref_count() <= 1)
        return; // nobody is left to see it (mm_release)
    if (task.copy_out(GuestPtr<std::uint32_t>(word), 0).ok())
        (void)futex_wake(task, word, false, 1, ~0U);
}

}
