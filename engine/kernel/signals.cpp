// Signal state and sending: kernel/signal.c of Linux, prepare_signal to complete_signal. Delivery is in signal_delivery.cpp.

#include "engine/kernel/signals.h"

#include "engine/kernel/credentials.h"
#include "engine/kernel/job_control.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/posix_timer.h"
#include "engine/kernel/preemption.h"
#include "engine/kernel/thread_group.h"

#include <algorithm>
#include <linux/capability.h>

namespace ringside::kernel {

namespace {

constexpr int first_real_time = 32;
constexpr SignalSet stop_signals = SignalSet::of({SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU});

}

DefaultAction default_action(int signo)
{
    switch (signo) {
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
        return DefaultAction::ignore;
    case SIGCONT:
        return DefaultAction::cont;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return DefaultAction::stop;
    case SIGQUIT:
    case SIGILL:
    case SIGTRAP:
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGSEGV:
    case SIGXCPU:
    case SIGXFSZ:
    case SIGSYS:
        return DefaultAction::core;
    default:
        return DefaultAction::terminate;
    }
}

siginfo_t make_siginfo(int signo, int code)
{
    siginfo_t info {};
    info.si_signo = signo;
    info.si_code = code;
    return info;
}

siginfo_t user_siginfo(const Task& sender, int signo, int code)
{
    siginfo_t info = make_siginfo(signo, code);
    info.si_pid = sender.group().tgid();
    info.si_uid = sender.credentials().uid;
    return info;
}

bool SignalQueue::add(const siginfo_t& info)
{
    if (info.si_signo < first_real_time && pending_.has(info.si_signo))
        return false;
    pending_.add(info.si_signo);
    queue_.push_back(info);
    return true;
}

std::optional<siginfo_t> SignalQueue::take(SignalSet wanted)
{
    SignalSet ready = pending_ & wanted;
    if (ready.empty())
        return {};
    if (!(ready & synchronous_signals).empty())
        ready = ready & synchronous_signals;
    int signo = std::countr_zero(ready.bits()) + 1;
    auto it = std::find_if(queue_.begin(), queue_.end(), [&](const siginfo_t& info) { return info.si_signo == signo; });
    siginfo_t info = *it;
    queue_.erase(it);
    if (std::none_of(queue_.begin(), queue_.end(), [&](const siginfo_t& other) { return other.si_signo == signo; }))
        pending_.remove(signo);
    return info;
}

void SignalQueue::discard(SignalSet signals)
{
    if ((pending_ & signals).empty())
        return;
    pending_ = pending_ & ~signals;
    std::erase_if(queue_, [&](const siginfo_t& info) { return signals.has(info.si_signo); });
}

bool SignalQueue::has_timer(int timer_id) const
{
    return std::any_of(queue_.begin(), queue_.end(), [&](const siginfo_t& info) { return info.si_code == SI_TIMER && info.si_timerid == timer_id; });
}

void SignalQueue::clear()
{
    pending_ = {};
    queue_.clear();
}

Ref<SignalHandlers> SignalHandlers::copy() const
{
    auto made = make_ref<SignalHandlers>();
    made->actions_ = actions_;
    return made;
}

void SignalHandlers::reset_for_exec()
{
    for (SignalAction& action : actions_)
        action = {.handler = action.handler == handler_ignore ? handler_ignore : handler_default};
}

bool SignalHandlers::ignored(int signo) const
{
    std::uint64_t handler = get(signo).handler;
    if (handler == handler_ignore)
        return true;
    DefaultAction action = default_action(signo);
    return handler == handler_default && (action == DefaultAction::ignore || action == DefaultAction::cont);
}

void TaskSignals::set_temporary(SignalSet set)
{
    if (!saved_)
        saved_ = blocked_;
    set_blocked(set);
}

void TaskSignals::await(SignalSet set)
{
    blocked_ = blocked_ | awaited_;
    awaited_ = blocked_ & set;
    blocked_ = blocked_ & ~awaited_;
}

void TaskSignals::restore_saved()
{
    if (saved_)
        blocked_ = *saved_;
    saved_.reset();
}

SignalSet TaskSignals::take_saved_or_blocked()
{
    SignalSet mask = saved_.value_or(blocked_);
    saved_.reset();
    return mask;
}

bool TaskSignals::on_alt_stack(std::uint64_t sp) const
{
    // With SS_AUTODISARM the stack is off while a handler runs on it: nobody stands on it (include/linux/sched/signal.h).
    if (static_cast<unsigned>(alt_flags) & abi::ss_autodisarm)
        return false;
    return sp > alt_stack && sp - alt_stack <= alt_size;
}

/// The steps of sending.
struct Signals {
    /// Ends an interruptible sleep, or calls the task out of the guest, so that it looks at its signals.
    static void wake(Task& task, bool fatal)
    {
        if (task.state_ == Task::State::asleep) {
            if (task.sleep_ == Interruptible::yes || (task.sleep_ == Interruptible::by_fatal_signals && (fatal || task.fatal_signal_pending())))
                task.kernel().scheduler().make_ready(task);
        } else if (task.state_ == Task::State::in_guest) {
            kick(task, fatal);
        }
    }

    /// What the mere sending does to stops (prepare_signal). False: the signal goes nowhere.
    static bool prepare(ThreadGroup& group, const Task* only, int signo)
    {
        if (group.zombie() || group.exiting())
            return false;
        if (stop_signals.has(signo)) {
            discard(group, SignalSet::of({SIGCONT}));
        } else if (signo == SIGCONT) {
            discard(group, stop_signals);
            continue_group(group);
        }
        return !ignored(group, only, signo);
    }

    static void discard(ThreadGroup& group, SignalSet signals)
    {
        group.shared_queue.discard(signals);
        for (Task* task : group.tasks())
            task->signals().queue.discard(signals);
    }

    /// A blocked signal is never ignored: the action may change before it is unblocked.
    static bool ignored(const ThreadGroup& group, const Task* only, int signo)
    {
        const Task* task = only ? only : group.any_task();
        if (task && task->signals().holds_back(signo))
            return false;
        return group.handlers->ignored(signo);
    }

    static bool wants(const Task& task, int signo)
    {
        return !task.exiting() && (signo == SIGKILL || !task.signals().blocked().has(signo));
    }

    /// Which thread is to take it: the leader first; one that has nothing pending yet is better.
    static Task* choose(ThreadGroup& group, int signo)
    {
        Task* any = nullptr;
        for (Task* task : group.tasks()) {
            if (!wants(*task, signo))
                continue;
            bool busy = task->signal_pending() && !task->group().shared_queue.pending().has(signo);
            if (!busy && task == group.leader())
                return task;
            if (!any || (!busy && any->signal_pending()))
                any = task;
        }
        return any;
    }

    static void send(ThreadGroup& group, Task* only, const siginfo_t& info)
    {
        int signo = info.si_signo;
        if (signo < 1 || signo > signal_count || !prepare(group, only, signo))
            return;
        SignalQueue& queue = only ? only->signals().queue : group.shared_queue;
        if (!queue.add(info))
            return;
        group.handlers->signalfd_queue.wake_all();
        Task* target = only ? only : choose(group, signo);
        if (target && wants(*target, signo))
            wake(*target, signo == SIGKILL);
        if (signo == SIGKILL) // a stopped process dies, too
            group.stop_queue_.wake_all();
    }
};

void wake_for_signals(Task& task, bool fatal)
{
    Signals::wake(task, fatal);
}

void send_signal(ThreadGroup& group, const siginfo_t& info)
{
    Signals::send(group, nullptr, info);
}

void send_signal(Task& task, const siginfo_t& info)
{
    Signals::send(task.group(), &task, info);
}

void send_signal(ProcessGroup& processes, const siginfo_t& info)
{
    std::vector<Ref<ThreadGroup>> members;
    for (ThreadGroup* member : processes.members)
        members.emplace_back(member);
    for (const auto& member : members)
        send_signal(*member, info);
}

void force_signal(Task& task, const siginfo_t& info)
{
    int signo = info.si_signo;
    SignalHandlers& handlers = *task.group().handlers;
    bool blocked = task.signals().blocked().has(signo);
    if (blocked || handlers.get(signo).handler == handler_ignore) {
        handlers.set(signo, {});
        SignalSet mask = task.signals().blocked();
        mask.remove(signo);
        task.signals().set_blocked(mask);
    }
    Signals::send(task.group(), &task, info);
}

void raise_sigpipe(Task& task)
{
    send_signal(task, user_siginfo(task, SIGPIPE, SI_USER));
}

Result<void> may_signal(const Task& sender, const ThreadGroup& target, int signo)
{
    if (&sender.group() == &target)
        return {};
    const Task* other = target.any_task() ? target.any_task() : target.leader();
    if (!other)
        return Errno(ESRCH);
    const Credentials& mine = sender.credentials();
    const Credentials& theirs = other->credentials();
    if (mine.euid == theirs.suid || mine.euid == theirs.uid || mine.uid == theirs.suid || mine.uid == theirs.uid || mine.capable(CAP_KILL))
        return {};
    if (signo == SIGCONT && &sender.group().session() == &target.session())
        return {};
    return Errno(EPERM);
}

std::optional<siginfo_t> dequeue_signal(Task& task, SignalSet wanted)
{
    auto info = task.signals().queue.take(wanted);
    if (!info)
        info = task.group().shared_queue.take(wanted);
    if (info)
        timer_signal_taken(task, *info);
    return info;
}

SignalSet pending_signals(const Task& task)
{
    return task.signals().queue.pending() | task.group().shared_queue.pending();
}

}
