// Terminal ioctls by an allow-list, and job control with the sandbox's own process groups (drivers/tty/tty_jobctrl.c). Never passed on:
// TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD, and all that is not named here.
#include "engine/fs/host/host_stream.h"

#include "engine/fs/kernel_state.h"
#include "engine/fs/tty/job_control.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/io_helpers.h"
#include "engine/kernel/pid_table.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/task.h"
#include "engine/kernel/thread_group.h"
#include "engine/record/task_recorder.h"

#include <array>
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <fcntl.h>
#include <sys/epoll.h>

namespace ringside::fs {

namespace {
constexpr std::size_t window_size_bytes = 4 * sizeof(unsigned short); // struct winsize
}

Result<Ref<File>> HostTerminalInode::open_again(Task& task, int flags)
{
    Ref<HostTerminal> terminal = task.kernel().fs->terminal;
    if (((flags & O_ACCMODE) != O_WRONLY && !terminal->readable()) || ((flags & O_ACCMODE) != O_RDONLY && !terminal->writable()))
        return Errno(EIO); // the caller gave one direction only
    return Ref<File>(make_ref<HostTerminal>(task.kernel(), terminal->descriptor(), flags & File::kept_flags, terminal->stream_inode(), "/dev/tty"));
}

Result<Ref<File>> HostTerminal::reopen(Task& task, int flags)
{
    TRY(HostStream::reopen(task, flags));
    return Ref<File>(make_ref<HostTerminal>(kernel_, fd_, flags & kept_flags, stream_inode(), name(task)));
}

Result<void> HostTerminal::may_read(Task& task)
{
    return check_foreground(task, terminal(), SIGTTIN);
}

Result<void> HostTerminal::check_outer_foreground(Task& task)
{
    // A read of nothing is refused to a background job before all else (n_tty_read); we ignore SIGTTIN, so that EIO says it. By a
    // helper: somebody else who reads there makes it wait.
    auto allowed = kernel::offload(task, [fd = fd_] { return host::call(SYS_read, fd, nullptr, 0); }, true);
    if (allowed.ok() || allowed.error() == EAGAIN)
        return {};
    if (allowed.error() != EIO || (kernel_.host_poller().ready(fd_, EPOLLIN) & EPOLLHUP))
        return allowed.error();
    return refuse_background(task, SIGTTIN);
}

Result<bool> HostTerminal::wait_readable(Task& task)
{
    TRY(check_outer_foreground(task));
    constexpr PollMask input = EPOLLIN | EPOLLHUP | EPOLLERR;
    if (kernel_.host_poller().ready(fd_, EPOLLIN) & input)
        return true;
    struct termios settings {};
    if (!nonblocking() && host::call(SYS_ioctl, fd_, TCGETS, &settings).ok() && !(settings.c_lflag & ICANON) && settings.c_cc[VMIN] == 0) {
        // MIN == 0: a read that gives up after TIME tenths of a second (man 3 termios).
        if (settings.c_cc[VTIME] == 0)
            return false;
        auto waited = kernel::wait_host_ready(task, fd_, EPOLLIN, kernel::monotonic_now() + settings.c_cc[VTIME] * (kernel::second / 10));
        if (!waited.ok() && waited.error() == ETIMEDOUT)
            return false;
        TRY(std::move(waited));
        return true;
    }
    TRY(HostStream::wait_readable(task));
    TRY(may_read(task)); // it may have left the foreground meanwhile
    return true;
}

Result<long> HostTerminal::pass(Task& task, std::uint32_t request, GuestAddr argument, std::size_t in, std::size_t out, bool waits)
{
    // Settings move through the Sentry's own memory, never by a guest's pointer.
    auto buffer = std::make_shared<std::array<std::byte, 128>>();
    if (in > 0)
        TRY(task.copy_in(argument, std::span(*buffer).first(in)));
    std::uint64_t value = argument.value();
    auto work = [fd = fd_, request, buffer, value, by_value = in == 0 && out == 0]() -> Result<long> {
        if (by_value)
            return host::call(SYS_ioctl, fd, request, value);
        return host::call(SYS_ioctl, fd, request, buffer->data());
    };
    long result = TRY(waits ? kernel::offload(task, work, true) : work());
    if (out > 0)
        TRY(task.copy_out(argument, std::span<const std::byte>(*buffer).first(out)));
    return result;
}

Result<long> HostTerminal::ioctl(Task& task, std::uint32_t request, GuestAddr argument)
{
    switch (request) {
    case TCGETS:
        return pass(task, request, argument, 0, sizeof(struct termios), false);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        TRY(check_foreground(task, terminal(), SIGTTOU));
        return pass(task, request, argument, sizeof(struct termios), 0, request != TCSETS);
    case TIOCGWINSZ:
        return pass(task, request, argument, 0, window_size_bytes, false);
    case TIOCSWINSZ:
        return pass(task, request, argument, window_size_bytes, 0, false);
    case FIONREAD:
    case TIOCOUTQ:
        return pass(task, request, argument, 0, sizeof(int), false);
    case TCFLSH:
    case TCXONC:
        TRY(check_foreground(task, terminal(), SIGTTOU));
        return pass(task, request, argument, 0, 0, false);
    case TCSBRK:
    case TCSBRKP:
        TRY(check_foreground(task, terminal(), SIGTTOU));
        return pass(task, request, argument, 0, 0, true);
    case TIOCGPGRP:
    case TIOCSPGRP:
    case TIOCGSID:
    case TIOCNOTTY:
    case TIOCSCTTY:
        return job_control(task, terminal(), Side::terminal, readable(), request, argument);
    case TIOCSTI:
    case TIOCLINUX:
    case TIOCCONS:
    case TIOCSETD:
        task.recorder().unsupported();
        return Errno(EPERM);
    default:
        task.recorder().unsupported();
        return Errno(ENOTTY);
    }
}

}
