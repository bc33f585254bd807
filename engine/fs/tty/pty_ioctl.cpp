// Ioctls of pseudo-terminals. On the master those about settings speak of the terminal (drivers/tty/tty_io.c tty_ioctl, pty.c).
#include "engine/fs/file_table.h"
#include "engine/fs/tty/devpts.h"
#include "engine/fs/tty/job_control.h"
#include "engine/fs/tty/pty.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/task.h"
#include "engine/record/task_recorder.h"

#include <asm/ioctls.h>
#include <csignal>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/sysmacros.h>

namespace ringside::fs {

namespace {

Result<long> change(Task& task, Pty& pty, const Settings& settings, bool flush_input)
{
    TRY(check_foreground(task, pty, SIGTTOU));
    if (flush_input)
        pty.flush_input();
    pty.change_settings(settings); // output needs no draining: it is with the master already
    return 0;
}

/// Settings in all their layouts; ENOIOCTLCMD's place is taken by an empty answer.
std::optional<Result<long>> settings_ioctl(Task& task, Pty& pty, std::uint32_t request, GuestAddr argument)
{
    const Settings& settings = pty.discipline.settings();
    auto show = [&](const auto& layout) -> Result<long> {
        TRY(task.copy_out(argument, std::as_bytes(std::span(&layout, 1))));
        return 0;
    };
    auto take = [&](auto layout, bool flush_input) -> Result<long> {
        TRY(task.copy_in(argument, std::as_writable_bytes(std::span(&layout, 1))));
        if constexpr (std::is_same_v<decltype(layout), struct termios2>)
            return change(task, pty, Settings::from(layout), flush_input);
        else
            return change(task, pty, Settings::from(layout, settings), flush_input);
    };
    switch (request) {
    case TCGETS:
        return show(settings.old_layout());
    case TCGETS2:
        return show(settings.values);
    case TCGETA:
        return show(settings.short_layout());
    case TCSETS:
        return take(termios {}, false);
    case TCSETSW:
        return take(termios {}, false);
    case TCSETSF:
        return take(termios {}, true);
    case TCSETS2:
        return take(termios2 {}, false);
    case TCSETSW2:
        return take(termios2 {}, false);
    case TCSETSF2:
        return take(termios2 {}, true);
    case TCSETA:
        return take(Settings::Short {}, false);
    case TCSETAW:
        return take(Settings::Short {}, false);
    case TCSETAF:
        return take(Settings::Short {}, true);
    default:
        return {};
    }
}

Result<long> flush(Pty& pty, bool master, std::uint64_t which)
{
    // The master's input is the terminal's output.
    bool input = which == TCIFLUSH || which == TCIOFLUSH, output = which == TCOFLUSH || which == TCIOFLUSH;
    if (!input && !output)
        return Errno(EINVAL);
    if (master ? output : input)
        pty.flush_input();
    if (master ? input : output)
        pty.flush_output();
    return 0;
}

Result<long> flow(Pty& pty, std::uint64_t action)
{
    std::size_t character = action == TCIOFF ? VSTOP : VSTART;
    switch (action) {
    case TCOOFF:
        pty.hold(true);
        return 0;
    case TCOON:
        pty.hold(false);
        return 0;
    case TCIOFF:
    case TCION:
        if (unsigned char c = pty.discipline.settings().character(character); c != disabled_character)
            (void)pty.discipline.write(std::array {std::byte {c}});
        return 0;
    default:
        return Errno(EINVAL);
    }
}

/// TIOCSTI: as if it had been typed. Only for one's own terminal, or with the right.
Result<long> type_one(Task& task, Pty& pty, GuestAddr argument)
{
    if (!controls(pty, task) && !task.credentials().capable(CAP_SYS_ADMIN))
        return Errno(EPERM);
    unsigned char c = TRY(task.copy_in(GuestPtr<unsigned char>(argument)));
    if (pty.input_room() > 0)
        pty.type({&c, 1});
    return 0;
}

/// What both sides answer.
Result<long> common_ioctl(Task& task, Pty& pty, bool master, std::uint32_t request, GuestAddr argument)
{
    switch (request) {
    case TIOCGWINSZ:
        TRY(task.copy_out(GuestPtr<WindowSize>(argument), pty.window));
        return 0;
    case TIOCSWINSZ:
        pty.resize(TRY(task.copy_in(GuestPtr<WindowSize>(argument))));
        return 0;
    case TIOCOUTQ:
        TRY(task.copy_out(GuestPtr<int>(argument), 0));
        return 0;
    case TCFLSH:
        TRY(check_foreground(task, pty, SIGTTOU));
        return flush(pty, master, argument.value());
    case TCXONC:
        TRY(check_foreground(task, pty, SIGTTOU));
        return flow(pty, argument.value());
    case TCSBRK:
    case TCSBRKP:
    case TIOCSBRK:
    case TIOCCBRK:
        TRY(check_foreground(task, pty, SIGTTOU));
        return 0; // nothing to drain, and no wire to break
    case TIOCSTI:
        return type_one(task, pty, argument);
    case TIOCEXCL:
    case TIOCNXCL:
        pty.exclusive = request == TIOCEXCL;
        return 0;
    case TIOCGEXCL:
        TRY(task.copy_out(GuestPtr<int>(argument), pty.exclusive ? 1 : 0));
        return 0;
    case TIOCGETD:
        TRY(task.copy_out(GuestPtr<int>(argument), 0));
        return 0;
    case TIOCSETD: // N_TTY is the only discipline
        return TRY(task.copy_in(GuestPtr<int>(argument))) == 0 ? Result<long>(0) : Errno(EINVAL);
    case TIOCGDEV: { // new_encode_dev
        dev_t device = pty.device();
        TRY(task.copy_out(GuestPtr<unsigned>(argument), (minor(device) & 0xff) | major(device) << 8 | (minor(device) & ~0xffU) << 12));
        return 0;
    }
    case TIOCVHANGUP:
    case TIOCCONS:
    case TIOCLINUX:
        task.recorder().unsupported();
        return Errno(EPERM);
    default:
        return Errno(ENOTTY);
    }
}

Result<long> open_peer(Task& task, Pty& pty, int flags)
{
    auto file = TRY(pty.open_again(task, flags));
    if (!(flags & O_NOCTTY))
        file->offer_control(task);
    return TRY(task.files().install(task, std::move(file), (flags & O_CLOEXEC) != 0));
}

Result<long> signal_terminal(Pty& pty, std::uint64_t signo)
{
    if (signo != SIGINT && signo != SIGQUIT && signo != SIGTSTP)
        return Errno(EINVAL);
    signal_foreground(pty, static_cast<int>(signo));
    return 0;
}

/// What only the master answers; no value: not such a request.
std::optional<Result<long>> master_ioctl(Task& task, Pty& pty, std::uint32_t request, GuestAddr argument)
{
    auto show = [&](int value) -> Result<long> {
        TRY(task.copy_out(GuestPtr<int>(argument), value));
        return 0;
    };
    auto flag = [&]() -> Result<bool> { return TRY(task.copy_in(GuestPtr<int>(argument))) != 0; };
    switch (request) {
    case TIOCGPTN:
        return show(pty.index);
    case TIOCGPTLCK:
        return show(pty.locked ? 1 : 0);
    case TIOCGPKT:
        return show(pty.packets ? 1 : 0);
    case TIOCSPTLCK: {
        auto wanted = flag();
        if (!wanted.ok())
            return wanted.error();
        pty.locked = wanted.value();
        return 0;
    }
    case TIOCPKT: {
        auto wanted = flag();
        if (!wanted.ok())
            return wanted.error();
        if (wanted.value() && !pty.packets)
            pty.packet_status = 0;
        pty.packets = wanted.value();
        return 0;
    }
    case TIOCGPTPEER:
        return open_peer(task, pty, static_cast<int>(argument.value()));
    case TIOCSIG:
        return signal_terminal(pty, argument.value());
    default:
        return {};
    }
}

}

Result<long> pty_ioctl(Task& task, Pty& pty, File& file, bool master, std::uint32_t request, GuestAddr argument)
{
    switch (request) {
    case TIOCGPGRP:
    case TIOCSPGRP:
    case TIOCGSID:
    case TIOCNOTTY:
    case TIOCSCTTY:
        return job_control(task, pty, master ? Side::master : Side::terminal, file.readable(), request, argument);
    default:
        break;
    }
    if (auto answer = settings_ioctl(task, pty, request, argument))
        return *answer;
    if (master)
        if (auto answer = master_ioctl(task, pty, request, argument))
            return *answer;
    return common_ioctl(task, pty, master, request, argument);
}

}
