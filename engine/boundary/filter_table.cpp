// The Sentry's host calls.

#include "engine/boundary/filter.h"

#include "engine/boundary/open_how.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <termios.h>

namespace ringside::boundary {

namespace {

using Test = Condition::Test;

constexpr std::uint64_t above_how = open_how_address + 4096;

std::vector<std::vector<Condition>> openat2_rules(bool writable)
{
    std::vector<std::vector<Condition>> rules;
    std::size_t end = writable ? static_cast<std::size_t>(OpenHow::count) : first_writing_how;
    for (std::size_t i = 0; i < end; ++i) {
        auto address = reinterpret_cast<std::uintptr_t>(how(static_cast<OpenHow>(i)));
        rules.push_back({{2, Test::equal, address}, {3, Test::equal, sizeof(open_how)}});
    }
    return rules;
}

/// What may be asked of the caller's terminal; never TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD.
std::vector<std::vector<Condition>> ioctl_rules()
{
    std::vector<std::vector<Condition>> rules;
    for (std::uint64_t request : {TCGETS, TCSETS, TCSETSW, TCSETSF, TCGETA, TIOCGWINSZ, TIOCSWINSZ, TIOCGPGRP, FIONREAD, TIOCOUTQ, TCFLSH, TCXONC, TCSBRK, TCSBRKP})
        rules.push_back({{1, Test::equal, request}});
    return rules;
}

}

std::vector<HostCall> host_calls(bool writable_binds)
{
    const std::vector<std::vector<Condition>> no_exec_above = {{{0, Test::at_least, above_how}, {2, Test::without_bits, PROT_EXEC}}};
    std::vector<HostCall> calls = {
        {SYS_read, "read", "bells, the control socket, host pipes and terminals", false, {}},
        {SYS_write, "write", "bells, the control socket, host pipes and terminals", false, {}},
        {SYS_preadv2, "preadv2", "host files into the page cache, without waiting first", false, {}},
        {SYS_pwritev2, "pwritev2", "files that the caller handed in, and those of a writable bind", false, {}},
        {SYS_openat2, "openat2", "host files below the given roots, in constant ways only", false, openat2_rules(writable_binds)},
        {SYS_close, "close", "descriptors of its own", false, {}},
        {SYS_statx, "statx", "attributes of host files", false, {}},
        {SYS_getdents64, "getdents64", "host directories", false, {}},
        {SYS_readlinkat, "readlinkat", "host symbolic links", false, {}},
        {SYS_fstatfs, "fstatfs", "df", false, {}},
        {SYS_mmap, "mmap", "the Sentry's own memory; never executable, never over the open_how page", false,
            {{{0, Test::equal, 0}, {2, Test::without_bits, PROT_EXEC}}, {{0, Test::at_least, above_how}, {2, Test::without_bits, PROT_EXEC}}}},
        {SYS_munmap, "munmap", "the Sentry's own memory", false, {{{0, Test::at_least, above_how}}}},
        {SYS_lseek, "lseek", "positions of files that the caller handed in, host directories", false, {}},
        {SYS_mprotect, "mprotect", "never executable", false, no_exec_above},
        {SYS_madvise, "madvise", "giving memory back, holes in the memory file", false, {{{0, Test::at_least, above_how}}}},
        {SYS_brk, "brk", "the Sentry's heap", false, {}},
        {SYS_futex, "futex", "sleeping and waking", false, {}},
        {SYS_ppoll, "ppoll", "host pipes and terminals, stubs' deaths", false, {}},
        {SYS_epoll_pwait, "epoll_pwait", "host pipes and terminals", false, {}},
        {SYS_epoll_ctl, "epoll_ctl", "host pipes and terminals", false, {}},
        {SYS_sendmsg, "sendmsg", "orders to the template, directories to ask owners of", false, {}},
        {SYS_ioctl, "ioctl", "the caller's terminal, by an allow-list", false, ioctl_rules()},
        {SYS_eventfd2, "eventfd2", "a new stub's answers", false, {}},
        {SYS_pidfd_open, "pidfd_open", "watching a new stub", false, {}},
        {SYS_pidfd_send_signal, "pidfd_send_signal", "ending a stub", false, {}},
        {SYS_waitid, "waitid", "collecting a stub that has ended", false, {}},
        {SYS_tgkill, "tgkill", "preempting guest threads", false, {}},
        {SYS_sched_setaffinity, "sched_setaffinity", "spreading guest threads over processors", false, {{{1, Test::equal, sizeof(cpu_set_t)}}}},
        {SYS_clock_gettime, "clock_gettime", "where the host's vDSO cannot read the clock", false, {}},
        {SYS_rt_sigreturn, "rt_sigreturn", "the end of the SIGBUS fix-up", false, {}},
        {SYS_restart_syscall, "restart_syscall", "how the host goes on with a sleep after a stop", false, {}},
        {SYS_exit_group, "exit_group", "the end", false, {}},
        {SYS_ftruncate, "ftruncate", "", true, {}},
        {SYS_fallocate, "fallocate", "", true, {}},
        {SYS_mkdirat, "mkdirat", "", true, {}},
        {SYS_mknodat, "mknodat", "FIFOs", true, {}},
        {SYS_unlinkat, "unlinkat", "", true, {}},
        {SYS_renameat2, "renameat2", "", true, {}},
        {SYS_linkat, "linkat", "never by a descriptor alone", true, {{{4, Test::equal, 0}}}},
        {SYS_symlinkat, "symlinkat", "", true, {}},
        {SYS_fchmod, "fchmod", "", true, {}},
        {SYS_fchmodat, "fchmodat", "", true, {}},
        {SYS_fchownat, "fchownat", "", true, {}},
        {SYS_utimensat, "utimensat", "", true, {}},
        {SYS_fsync, "fsync", "", true, {}},
        {SYS_fdatasync, "fdatasync", "", true, {}},
    };
    if (!writable_binds)
        std::erase_if(calls, [](const HostCall& call) { return call.for_writable_binds; });
    return calls;
}

}
