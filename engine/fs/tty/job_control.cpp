// Controlling terminals. A session has at most one; all of its processes see the same.
#include "engine/fs/tty/job_control.h"

#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/pid_table.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/task.h"
#include "engine/kernel/thread_group.h"

#include <asm/ioctls.h>
#include <csignal>
#include <linux/capability.h>

namespace ringside::fs {

namespace {

Result<long> take_control(Task& task, Terminal& terminal, bool readable, std::uint64_t steal)
{
    kernel::ThreadGroup& group = task.group();
    kernel::Session& session = group.session();
    if (group.is_session_leader() && terminal.session() == &session)
        return 0;
    if (!group.is_session_leader() || session.terminal())
        return Errno(EPERM);
    bool privileged = task.credentials().capable(CAP_SYS_ADMIN);
    if (terminal.session()) {
        // A session whose leader stands outside of the sandbox keeps the caller's terminal.
        if (steal != 1 || !privileged || !terminal.session()->leader)
            return Errno(EPERM);
        terminal.session()->lose_terminal();
    }
    if (!readable && !privileged)
        return Errno(EPERM);
    session.take_terminal(terminal, group.process_group().pgid);
    return 0;
}

Result<long> set_foreground(Task& task, Terminal& terminal, GuestPtr<int> number)
{
    auto allowed = check_foreground(task, terminal, SIGTTOU);
    if (!allowed.ok())
        return allowed.error() == EIO ? Errno(ENOTTY) : allowed.error();
    int pgid = TRY(task.copy_in(number));
    if (pgid < 0)
        return Errno(EINVAL);
    if (!controls(terminal, task))
        return Errno(ENOTTY);
    // A process that leads no group counts as well (session_of_pgrp).
    kernel::ProcessTable& processes = task.kernel().processes();
    kernel::ProcessGroup* group = processes.process_group(pgid);
    kernel::ThreadGroup* process = group ? nullptr : processes.group(pgid);
    if (!group && !process)
        return Errno(ESRCH);
    if ((group ? group->session.get() : &process->session()) != terminal.session())
        return Errno(EPERM);
    terminal.session()->foreground = pgid;
    return 0;
}

}

bool controls(const Terminal& terminal, Task& task)
{
    return task.group().session().terminal() == &terminal;
}

Result<void> check_foreground(Task& task, Terminal& terminal, int signo)
{
    kernel::ProcessGroup& group = task.group().process_group();
    if (!controls(terminal, task) || group.session->foreground == 0 || group.foreground())
        return {};
    return refuse_background(task, signo);
}

Result<void> refuse_background(Task& task, int signo)
{
    kernel::ProcessGroup& group = task.group().process_group();
    bool ignored = task.group().handlers->ignored(signo) || task.signals().blocked().has(signo);
    if (signo == SIGTTOU && ignored)
        return {};
    if (ignored || group.orphaned())
        return Errno(EIO);
    kernel::send_signal(group, kernel::make_siginfo(signo, SI_KERNEL));
    return Errno(ERESTARTSYS);
}

Result<long> job_control(Task& task, Terminal& terminal, Side side, bool readable, std::uint32_t request, GuestAddr argument)
{
    GuestPtr<int> number(argument);
    bool controlled = controls(terminal, task);
    switch (request) {
    case TIOCGPGRP:
        if (side == Side::terminal && !controlled)
            return Errno(ENOTTY);
        TRY(task.copy_out(number, terminal.session() ? terminal.session()->foreground : 0));
        return 0;
    case TIOCSPGRP:
        return set_foreground(task, terminal, number);
    case TIOCGSID:
        if ((side == Side::terminal && !controlled) || !terminal.session())
            return Errno(ENOTTY);
        TRY(task.copy_out(number, terminal.session()->sid));
        return 0;
    case TIOCNOTTY:
        if (side == Side::master || !controlled)
            return Errno(ENOTTY);
        if (task.group().is_session_leader()) {
            signal_foreground(terminal, SIGHUP);
            signal_foreground(terminal, SIGCONT);
            terminal.session()->lose_terminal();
        }
        return 0;
    default: // TIOCSCTTY
        return take_control(task, terminal, readable, argument.value());
    }
}

void offer_control(Task& task, Terminal& terminal, bool readable)
{
    kernel::ThreadGroup& group = task.group();
    if (readable && group.is_session_leader() && !group.session().terminal() && !terminal.session())
        group.session().take_terminal(terminal, group.process_group().pgid);
}

void hang_up(Terminal& terminal)
{
    kernel::Session* session = terminal.session();
    if (!session)
        return;
    session->abandoned_foreground = session->foreground;
    session->lose_terminal();
    if (session->leader) {
        kernel::send_signal(*session->leader, kernel::make_siginfo(SIGHUP, SI_KERNEL));
        kernel::send_signal(*session->leader, kernel::make_siginfo(SIGCONT, SI_KERNEL));
    }
}

void signal_foreground(const Terminal& terminal, int signo)
{
    if (!terminal.session())
        return;
    kernel::Session& session = *terminal.session();
    if (kernel::ProcessGroup* group = session.kernel.processes().process_group(session.foreground))
        kernel::send_signal(*group, kernel::make_siginfo(signo, SI_KERNEL));
}

}
