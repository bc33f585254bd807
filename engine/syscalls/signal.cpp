// Signals: rt_sigaction(2), rt_sigprocmask(2), rt_sigpending(2), rt_sigsuspend(2), rt_sigtimedwait(2), sigaltstack(2), rt_sigreturn(2),
// pause(2), kill(2), tkill(2), tgkill(2), rt_sigqueueinfo(2), rt_tgsigqueueinfo(2), pidfd_send_signal(2), restart_syscall(2).

#include "engine/kernel/signals.h"

#include "engine/fs/file_table.h"
#include "engine/fs/proc/process.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/pidfd.h"
#include "engine/kernel/signal_delivery.h"
#include "engine/kernel/signal_frame.h"
#include "engine/syscalls/handler.h"

namespace ringside::syscalls {

namespace {

using kernel::Pid;
using kernel::SignalAction;
using kernel::SignalSet;
using kernel::ThreadGroup;

Result<void> check_set_size(std::size_t size)
{
    if (size != sizeof(std::uint64_t))
        return Errno(EINVAL);
    return {};
}

Result<void> check_signal(int signo)
{
    if (signo < 0 || signo > kernel::signal_count)
        return Errno(EINVAL);
    return {};
}

Result<long> rt_sigaction(Task& task, int signo, GuestPtr<SignalAction> action, GuestPtr<SignalAction> old, std::size_t size)
{
    TRY(check_set_size(size));
    SignalAction wanted;
    if (!action.is_null())
        wanted = TRY(task.copy_in(action)); // EFAULT before the number is looked at
    if (signo < 1 || signo > kernel::signal_count)
        return Errno(EINVAL);
    kernel::SignalHandlers& handlers = *task.group().handlers;
    SignalAction before = handlers.get(signo);
    if (!action.is_null()) {
        if (signo == SIGKILL || signo == SIGSTOP)
            return Errno(EINVAL);
        constexpr std::uint64_t known = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND
            | 0x800 /* SA_EXPOSE_TAGBITS */ | kernel::abi::sa_restorer;
        wanted.flags &= known;
        wanted.mask &= ~kernel::unblockable.bits();
        handlers.set(signo, wanted);
        // What is pending and is ignored from now on is thrown away (POSIX 3.3.1.3).
        if (handlers.ignored(signo)) {
            task.group().shared_queue.discard(SignalSet::of({signo}));
            for (kernel::Task* other : task.group().tasks())
                other->signals().queue.discard(SignalSet::of({signo}));
        }
    }
    if (!old.is_null())
        TRY(task.copy_out(old, before));
    return 0;
}

Result<long> rt_sigprocmask(Task& task, int how, GuestPtr<std::uint64_t> set, GuestPtr<std::uint64_t> old, std::size_t size)
{
    TRY(check_set_size(size));
    SignalSet before = task.signals().blocked();
    if (!set.is_null()) {
        SignalSet given(TRY(task.copy_in(set)));
        switch (how) {
        case SIG_BLOCK:
            task.signals().set_blocked(before | given);
            break;
        case SIG_UNBLOCK:
            task.signals().set_blocked(before & ~given);
            break;
        case SIG_SETMASK:
            task.signals().set_blocked(given);
            break;
        default:
            return Errno(EINVAL);
        }
    }
    if (!old.is_null())
        TRY(task.copy_out(old, before.bits()));
    return 0;
}

Result<long> rt_sigpending(Task& task, GuestPtr<std::uint64_t> set, std::size_t size)
{
    if (size > sizeof(std::uint64_t))
        return Errno(EINVAL);
    std::uint64_t pending = (kernel::pending_signals(task) & task.signals().blocked()).bits();
    TRY(task.copy_out(set.addr(), std::as_bytes(std::span(&pending, 1)).first(size)));
    return 0;
}

/// Sleeps until a signal is to be handled.
Result<long> sleep_for_signal(Task& task)
{
    kernel::WaitQueue nobody;
    while (nobody.wait(task).ok()) { }
    return Errno(ERESTARTNOHAND);
}

Result<long> rt_sigsuspend(Task& task, GuestPtr<std::uint64_t> mask, std::size_t size)
{
    TRY(check_set_size(size));
    task.signals().set_temporary(SignalSet(TRY(task.copy_in(mask))));
    return sleep_for_signal(task);
}

Result<long> pause(Task& task)
{
    return sleep_for_signal(task);
}

Result<long> rt_sigtimedwait(Task& task, GuestPtr<std::uint64_t> set, GuestPtr<siginfo_t> info, GuestPtr<timespec> timeout, std::size_t size)
{
    TRY(check_set_size(size));
    SignalSet wanted = SignalSet(TRY(task.copy_in(set))) & ~kernel::unblockable;
    std::optional<kernel::Nanoseconds> deadline;
    if (!timeout.is_null()) {
        auto time = TRY(kernel::from_timespec(TRY(task.copy_in(timeout))));
        deadline = TRY(kernel::monotonic_deadline(task, CLOCK_MONOTONIC, time, false));
    }
    auto taken = kernel::dequeue_signal(task, wanted);
    if (!taken) {
        task.signals().await(wanted);
        kernel::WaitQueue nobody;
        auto slept = nobody.wait(task, deadline);
        task.signals().await({});
        taken = kernel::dequeue_signal(task, wanted);
        if (!taken)
            return slept.ok() || slept.error() == ETIMEDOUT ? Errno(EAGAIN) : Errno(EINTR);
    }
    if (!info.is_null())
        TRY(task.copy_out(info, *taken));
    return taken->si_signo;
}

Result<long> sigaltstack(Task& task, GuestPtr<kernel::SigStack> stack, GuestPtr<kernel::SigStack> old)
{
    kernel::TaskSignals& signals = task.signals();
    bool inside = signals.on_alt_stack(task.registers().rsp);
    int shown = signals.alt_size == 0 ? SS_DISABLE : inside ? SS_ONSTACK : 0;
    auto autodisarm = static_cast<int>(kernel::abi::ss_autodisarm);
    kernel::SigStack before {signals.alt_stack, shown | (signals.alt_flags & autodisarm), 0, signals.alt_size};
    if (!stack.is_null()) {
        auto wanted = TRY(task.copy_in(stack));
        if (inside)
            return Errno(EPERM);
        int mode = wanted.flags & ~autodisarm;
        if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
            return Errno(EINVAL);
        if (mode == SS_DISABLE) {
            wanted.sp = wanted.size = 0;
        } else if (wanted.size < kernel::abi::min_alt_stack) {
            return Errno(ENOMEM);
        }
        signals.alt_stack = wanted.sp;
        signals.alt_size = wanted.size;
        signals.alt_flags = wanted.flags;
    }
    if (!old.is_null())
        TRY(task.copy_out(old, before));
    return 0;
}

Result<long> rt_sigreturn(Task& task)
{
    return kernel::signal_return(task);
}

Result<long> restart_syscall(Task& task)
{
    return task.restart_call();
}

/// One process; signo 0 only asks.
Result<void> send_to(Task& task, ThreadGroup& target, const siginfo_t& info)
{
    TRY(check_signal(info.si_signo)); // asked of a process that is there only: ESRCH comes first
    TRY(kernel::may_signal(task, target, info.si_signo));
    kernel::send_signal(target, info);
    return {};
}

/// kill(2) with a negative pid: EPERM only where none could be signalled.
template<typename Wanted>
Result<long> send_to_many(Task& task, const siginfo_t& info, Wanted&& wanted)
{
    std::vector<Ref<ThreadGroup>> targets;
    for (const auto& [pid, group] : task.kernel().processes().groups())
        if (wanted(*group))
            targets.emplace_back(group);
    bool sent = false;
    Errno error(ESRCH);
    for (const auto& target : targets) {
        auto done = send_to(task, *target, info);
        sent |= done.ok();
        if (!done.ok())
            error = done.error();
    }
    if (!sent)
        return error;
    return 0;
}

Result<long> kill_with(Task& task, Pid pid, const siginfo_t& info)
{
    if (pid > 0) {
        ThreadGroup* target = task.kernel().processes().group(pid);
        if (!target) { // a thread's number names its process, too
            kernel::Task* thread = task.kernel().processes().task(pid);
            target = thread ? &thread->group() : nullptr;
        }
        if (!target && pid == kernel::reaper_pid)
            return Errno(EPERM); // it is there, but nobody's to signal
        if (!target)
            return Errno(ESRCH);
        TRY(send_to(task, *target, info));
        return 0;
    }
    if (pid == -1)
        return send_to_many(task, info, [&](ThreadGroup& group) { return &group != &task.group(); });
    Pid pgid = pid == 0 ? task.group().process_group().pgid : -pid;
    return send_to_many(task, info, [&](ThreadGroup& group) { return group.process_group().pgid == pgid; });
}

Result<long> kill(Task& task, Pid pid, int signo)
{
    if (pid == INT_MIN)
        return Errno(ESRCH);
    return kill_with(task, pid, kernel::user_siginfo(task, signo, SI_USER));
}

Result<long> to_thread(Task& task, Pid tgid, Pid tid, const siginfo_t& info)
{
    kernel::Task* target = task.kernel().processes().task(tid);
    if (!target || (tgid > 0 && target->group().tgid() != tgid))
        return Errno(ESRCH);
    TRY(check_signal(info.si_signo));
    TRY(kernel::may_signal(task, target->group(), info.si_signo));
    kernel::send_signal(*target, info);
    return 0;
}

Result<long> tkill(Task& task, Pid tid, int signo)
{
    if (tid <= 0)
        return Errno(EINVAL);
    return to_thread(task, 0, tid, kernel::user_siginfo(task, signo, SI_TKILL));
}

Result<long> tgkill(Task& task, Pid tgid, Pid tid, int signo)
{
    if (tid <= 0 || tgid <= 0)
        return Errno(EINVAL);
    return to_thread(task, tgid, tid, kernel::user_siginfo(task, signo, SI_TKILL));
}

/// A siginfo of the guest's own making: it may not pretend to come from the kernel or from kill, but to itself.
Result<siginfo_t> copy_in_siginfo(Task& task, GuestPtr<siginfo_t> at, int signo, Pid target)
{
    siginfo_t info {};
    constexpr std::size_t known = 48; // the kernel's structure; what follows is padding
    TRY(task.copy_in(at.addr(), std::as_writable_bytes(std::span(&info, 1)).first(known)));
    info.si_signo = signo;
    if ((info.si_code >= 0 || info.si_code == SI_TKILL) && task.group().tgid() != target)
        return Errno(EPERM);
    return info;
}

Result<long> rt_sigqueueinfo(Task& task, Pid tgid, int signo, GuestPtr<siginfo_t> at)
{
    siginfo_t info = TRY(copy_in_siginfo(task, at, signo, tgid));
    if (tgid <= 0)
        return Errno(ESRCH);
    return kill_with(task, tgid, info);
}

Result<long> rt_tgsigqueueinfo(Task& task, Pid tgid, Pid tid, int signo, GuestPtr<siginfo_t> at)
{
    siginfo_t info = TRY(copy_in_siginfo(task, at, signo, tid));
    if (tid <= 0 || tgid <= 0)
        return Errno(EINVAL);
    return to_thread(task, tgid, tid, info);
}

/// The process of a pidfd, or of an open /proc/PID. EBADF.
Result<Ref<ThreadGroup>> named_by(Task& task, int fd)
{
    auto pidfd = kernel::find_pidfd(task, fd);
    if (pidfd.ok())
        return Ref<ThreadGroup>(&pidfd.value()->group());
    Ref<ThreadGroup> group = fs::process_of_directory(*TRY(task.files().get(fd)));
    if (!group)
        return Errno(EBADF);
    return group;
}

Result<long> pidfd_send_signal(Task& task, int fd, int signo, GuestPtr<siginfo_t> at, unsigned flags)
{
    TRY(check_flags(flags, 0));
    Ref<ThreadGroup> group = TRY(named_by(task, fd));
    siginfo_t info = kernel::user_siginfo(task, signo, SI_USER);
    if (!at.is_null()) {
        info = TRY(task.copy_in(at));
        if (info.si_signo != signo)
            return Errno(EINVAL);
        if (group.get() != &task.group() && (info.si_code >= 0 || info.si_code == SI_TKILL))
            return Errno(EPERM);
    }
    TRY(check_signal(signo));
    if (!group->leader())
        return Errno(ESRCH); // reaped
    TRY(send_to(task, *group, info));
    return 0;
}

const Register<SYS_rt_sigaction, rt_sigaction> r_rt_sigaction;
const Register<SYS_rt_sigprocmask, rt_sigprocmask> r_rt_sigprocmask;
const Register<SYS_rt_sigpending, rt_sigpending> r_rt_sigpending;
const Register<SYS_rt_sigsuspend, rt_sigsuspend> r_rt_sigsuspend;
const Register<SYS_rt_sigtimedwait, rt_sigtimedwait> r_rt_sigtimedwait;
const Register<SYS_rt_sigreturn, rt_sigreturn> r_rt_sigreturn;
const Register<SYS_sigaltstack, sigaltstack> r_sigaltstack;
const Register<SYS_pause, pause> r_pause;
const Register<SYS_restart_syscall, restart_syscall> r_restart_syscall;
const Register<SYS_kill, kill> r_kill;
const Register<SYS_tkill, tkill> r_tkill;
const Register<SYS_tgkill, tgkill> r_tgkill;
const Register<SYS_rt_sigqueueinfo, rt_sigqueueinfo> r_rt_sigqueueinfo;
const Register<SYS_rt_tgsigqueueinfo, rt_tgsigqueueinfo> r_rt_tgsigqueueinfo;
const Register<SYS_pidfd_send_signal, pidfd_send_signal> r_pidfd_send_signal;

}

}
