// The guard's loop. Runs in the parent of the Sentry: single-threaded, no allocation after the filter.

#include "engine/boundary/guard.h"

#include "engine/boundary/confine.h"
#include "engine/boundary/host_call.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace ringside::boundary {

namespace {

/// The caller's terminal and how it was.
struct Terminal {
    int fd = -1;
    termios settings {};
};

Terminal find_terminal()
{
    for (int fd = 0; fd <= 2; ++fd) {
        Terminal terminal;
        if (tcgetattr(fd, &terminal.settings) == 0) {
            terminal.fd = fcntl(fd, F_DUPFD_CLOEXEC, control::first_free_fd);
            return terminal;
        }
    }
    return {};
}

void restore(const Terminal& terminal)
{
    if (terminal.fd < 0)
        return;
    // Not when another job has the terminal: a shell that took it back has put its own settings there. An error means that it is
    // no session's any more: our supervisor led the session.
    pid_t foreground = tcgetpgrp(terminal.fd);
    if (foreground < 0 || foreground == getpgrp())
        tcsetattr(terminal.fd, TCSANOW, &terminal.settings); // never waits, as draining a stopped terminal would
}

void confine_guard()
{
    if (drop_privileges(0))
        _exit(125);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        _exit(125);
    int bad = 0;
    for (int nr : {SCMP_SYS(poll), SCMP_SYS(wait4), SCMP_SYS(kill), SCMP_SYS(exit_group), SCMP_SYS(getpgrp), SCMP_SYS(getpgid), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall)})
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, nr, 0);
    for (unsigned long request : {TCGETS, TCSETS, TIOCGPGRP})
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, request));
    if (bad != 0 || seccomp_load(filter) != 0)
        _exit(125);
}

}

void guard(const Channel& channel, pid_t child)
{
    prctl(PR_SET_NAME, "ringside-guard");
    Terminal terminal = find_terminal();
    // The guest's descriptors are the Sentry's: held here as well, a pipe's other end would not see the guest close it.
    for (int fd : {0, 1, 2, static_cast<int>(control::config_fd), static_cast<int>(control::ring_fd), static_cast<int>(control::owner_fd), static_cast<int>(control::input_fd)})
        close(fd);
    int child_fd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
    confine_guard();
    std::array<pollfd, 2> watched = {pollfd {child_fd, POLLIN, 0}, pollfd {channel.descriptor(), 0, 0}};
    bool orphaned = false;
    while (true) {
        if (poll(watched.data(), watched.size(), -1) < 0)
            continue;
        if (watched[1].revents & (POLLHUP | POLLERR)) {
            orphaned = true;
            kill(child, SIGKILL);
            break;
        }
        if (watched[0].revents)
            break;
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    if (orphaned)
        restore(terminal);
    // By the call itself: before a function that does not return AddressSanitizer makes a call that is not on the guard's list.
    while (true)
        syscall(SYS_exit_group, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

}
