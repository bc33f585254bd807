// Steps on processes: forks that run steps of their own, waiting, ids, limits, scheduling, futexes.
#include "machine.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fuzz {
namespace {

int fork_depth;

// The child runs steps of its own and ends; the parent waits for it, so that there is one order of lines.
void fork_(Call& c)
{
    long steps = 1 + c.random.below(8);
    std::uint64_t seed = c.random();
    int code = static_cast<int>(c.random.below(256));
    c.end_line();
    long child = fork();
    if (child == 0) {
        ++fork_depth;
        for (long i = 0; i < steps; ++i)
            run_step(seed, c.step() * 1000 + i, fork_depth);
        _exit(code);
    }
    int status = 0;
    long waited;
    do
        waited = raw(SYS_wait4, child, reinterpret_cast<long>(&status), 0, 0);
    while (waited == -EINTR);
    c.go_hidden("fork", SYS_getpid);
    c.note(" waited %s status %x", waited == child ? "*" : "E", status);
}
void vfork_exit(Call& c)
{
    int code = static_cast<int>(c.random.below(256));
    c.end_line();
    long child = fork();
    if (child == 0)
        _exit(code);
    siginfo_t info{};
    long options = c.random.one_in(8) ? c.random.flags({WEXITED, WNOWAIT, 0x1000000}) | WNOHANG : WEXITED;
    long result;
    do
        result = raw(SYS_waitid, P_PID, child, reinterpret_cast<long>(&info), options, 0);
    while (result == -EINTR);
    c.go_hidden("waitid", SYS_getpid);
    if (options == WEXITED)
        c.note(" = %ld signo %d code %d status %d", result, info.si_signo, info.si_code, info.si_status);
    while (raw(SYS_wait4, child, 0, 0, 0) == -EINTR)
        ;
}
void wait_(Call& c)
{
    c.go("wait4", SYS_wait4, c.random.pick({-1, 0, 0x3ffffff, -0x3ffffff, static_cast<long>(-2147483647) - 1}), c.random.one_in(3) ? 0 : c.out(4), WNOHANG | c.random.flags({WUNTRACED, WCONTINUED, 0x20000000}), 0);
}
void waitid_(Call& c) { c.go("waitid", SYS_waitid, c.random.below(5), c.random.pick({0, -1, 0x3ffffff, 55}), c.random.one_in(2) ? 0 : c.out(128), WNOHANG | c.random.flags({WEXITED, WSTOPPED, WCONTINUED, WNOWAIT}), 0); }
long some_id(Call& c) { return c.random.pick({-1, -1, 0, 1000, 65534, 0xffffffff}); }
void ids(Call& c)
{
    if (!c.random.one_in(4)) {
        long at = c.out(12);
        long number = c.random.pick({SYS_getresuid, SYS_getresgid});
        c.go("getres_id", number, at, c.out(4), c.out(4));
        return;
    }
    switch (c.random.below(8)) {
    case 0: c.go("setresuid", SYS_setresuid, some_id(c), some_id(c), some_id(c)); break;
    case 1: c.go("setresgid", SYS_setresgid, some_id(c), some_id(c), some_id(c)); break;
    case 2: c.go("setreuid", SYS_setreuid, some_id(c), some_id(c)); break;
    case 3: c.go("setregid", SYS_setregid, some_id(c), some_id(c)); break;
    case 4: c.go("setuid", SYS_setuid, some_id(c)); break;
    case 5: c.go("setgid", SYS_setgid, some_id(c)); break;
    case 6: c.go("setfsuid", SYS_setfsuid, some_id(c)); break;
    default: {
        gid_t groups[] = {0, 5, 1000, 5};
        c.go("setgroups", SYS_setgroups, c.random.one_in(5) ? c.random.pick({-1, 65537}) : c.random.below(5), c.in(groups));
    }
    }
}
void groups_(Call& c) { c.go("getgroups", SYS_getgroups, c.random.one_in(2) ? 0 : c.random.pick({-1, 0, 65536}), 0); }
void pgid_(Call& c)
{
    switch (c.random.below(5)) {
    case 0: c.go("setpgid", SYS_setpgid, c.random.pick({0, -1, 0x3ffffff}), c.random.pick({0, -1, 0x3ffffff})); break;
    case 1: c.go_hidden("getpgid", SYS_getpgid, c.random.pick({0, -1, 0x3ffffff})); break;
    case 2: c.go_hidden("getsid", SYS_getsid, c.random.pick({0, -1, 0x3ffffff})); break;
    case 3: c.go_hidden("setsid", SYS_setsid); break;
    default: c.go_hidden("getpgrp", SYS_getpgrp);
    }
}
void limit_(Call& c)
{
    long resource = c.random.one_in(8) ? c.random.pick({16, -1, 100}) : c.random.pick({RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_CORE, RLIMIT_MSGQUEUE, RLIMIT_SIGPENDING, RLIMIT_MEMLOCK, RLIMIT_NICE});
    rlimit wanted{static_cast<rlim_t>(c.random.pick({64, 1000, 5000, 900, 1024})), static_cast<rlim_t>(c.random.pick({1024, 100, 10000, 5000}))};
    long old = c.random.one_in(3) ? 0 : c.out(sizeof wanted);
    long to = c.random.one_in(3) ? c.in(wanted) : 0;
    if (resource == RLIMIT_CORE)
        to = 0;
    c.go("prlimit64", SYS_prlimit64, c.random.one_in(15) ? 0x3ffffff : 0, resource, to, old);
}
void prctl_(Call& c)
{
    switch (c.random.below(9)) {
    case 0: { char name[32] = "fuzzed-name-that-is-long"; c.go("prctl_set_name", SYS_prctl, PR_SET_NAME, c.in(name, 32), 0, 0, 0); break; }
    case 1: c.go("prctl_get_name", SYS_prctl, PR_GET_NAME, c.out(16), 0, 0, 0); break;
    case 2: c.go("prctl_pdeathsig", SYS_prctl, PR_SET_PDEATHSIG, c.random.pick({0, 10, 64, 65, -1}), 0, 0, 0); break;
    case 3: c.go("prctl_get_pdeathsig", SYS_prctl, PR_GET_PDEATHSIG, c.out(4), 0, 0, 0); break;
    case 4: c.go("prctl_get_dumpable", SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0); break;
    case 5: c.go("prctl_keepcaps", SYS_prctl, PR_SET_KEEPCAPS, c.random.below(3), 0, 0, 0); break;
    case 6: c.go("prctl_get_keepcaps", SYS_prctl, PR_GET_KEEPCAPS, 0, 0, 0, 0); break;
    case 7: c.go("prctl_subreaper", SYS_prctl, c.random.one_in(2) ? PR_SET_CHILD_SUBREAPER : PR_GET_CHILD_SUBREAPER, c.good(8), 0, 0, 0); break;
    default: c.go("prctl", SYS_prctl, c.random.pick({PR_GET_NO_NEW_PRIVS, 999, -1, PR_GET_SECUREBITS, PR_CAPBSET_READ, PR_GET_TIMERSLACK}), c.random.pick({0, 0, 1, 64, 100}), 0, 0, c.random.one_in(6) ? 1 : 0);
    }
}
void sched_(Call& c)
{
    sched_param parameter{static_cast<int>(c.random.pick({0, 0, 1, 99, 100, -1}))};
    switch (c.random.below(6)) {
    case 0: c.go("sched_get_priority_max", SYS_sched_get_priority_max, c.random.below(8) - 1); break;
    case 1: c.go("sched_get_priority_min", SYS_sched_get_priority_min, c.random.below(8) - 1); break;
    case 2: c.go("sched_getscheduler", SYS_sched_getscheduler, c.random.pick({0, 0, -1, 0x3ffffff})); break;
    case 3: c.go("sched_setscheduler", SYS_sched_setscheduler, c.random.pick({0, 0, -1}), c.random.pick({0, 3, 5, 4, 77, -1}), c.in(parameter)); break;
    case 4: c.go("sched_getparam", SYS_sched_getparam, c.random.pick({0, -1}), c.out(4)); break;
    default: c.go("sched_yield", SYS_sched_yield); break;
    }
}
void priority_(Call& c)
{
    if (c.random.one_in(2))
        c.go("getpriority", SYS_getpriority, c.random.pick({0, 0, 3, -1}), c.random.pick({0, 0, 0x3ffffff}));
    else
        c.go("setpriority", SYS_setpriority, c.random.pick({0, 0, 3, -1}), c.random.pick({0, 0, 0x3ffffff}), c.random.pick({19, 100, 19}));
}
void futex_(Call& c)
{
    timespec zero{0, 0};
    long at = c.random.one_in(6) ? c.out(4) + (c.random.one_in(3) ? 1 : 0) : c.good(4);
    long time = c.good(sizeof zero);
    memcpy(reinterpret_cast<void*>(time), &zero, sizeof zero);
    switch (c.random.below(6)) {
    case 0: c.go("futex_wait", SYS_futex, at, FUTEX_WAIT | c.random.pick({0, FUTEX_PRIVATE_FLAG}), c.random.pick({0, static_cast<long>(0xa5a5a5a5)}), time, 0, 0); break;
    case 1: c.go("futex_wake", SYS_futex, at, FUTEX_WAKE | c.random.pick({0, FUTEX_PRIVATE_FLAG}), c.odd_number(), 0, 0, 0); break;
    case 2: c.go("futex_requeue", SYS_futex, at, FUTEX_CMP_REQUEUE, c.random.pick({0, 1, -1}), c.random.pick({0, 1, -1}), c.good(4), c.random.pick({0, static_cast<long>(0xa5a5a5a5)})); break;
    case 3: c.go("futex_wait_bitset", SYS_futex, at, FUTEX_WAIT_BITSET, static_cast<long>(0xa5a5a5a5), time, 0, c.random.pick({0, 1, -1})); break;
    case 4: c.go("futex_wake_bitset", SYS_futex, at, FUTEX_WAKE_BITSET, 1, 0, 0, c.random.pick({0, 1})); break;
    default: c.go("futex_odd", SYS_futex, at, c.random.pick({2, 14, 63, 100, -1}), 0, time, 0, 0); break;
    }
}
void exec_wrong(Call& c)
{
    static const char* const names[] = {"c", "d", "nowhere", "", "loop", "a/x"};
    const char* name = names[c.random.below(6)];
    char text[16] = {};
    strcpy(text, name);
    long list[2] = {reinterpret_cast<long>("x"), 0};
    c.go("execve", SYS_execve, Arg(c.in(text, sizeof text), name), c.random.one_in(5) ? 1 : c.in(list, sizeof list), 0);
}
void clone_wrong(Call& c) { c.go("clone", SYS_clone, c.random.pick({0x10000, 0x800, 0x10800, 0x00020200, 0x00400800}), 0, 0, 0, 0); }
void times_(Call& c)
{
    switch (c.random.below(5)) {
    case 0: { long at = c.out(16); c.go("clock_gettime", SYS_clock_gettime, c.random.pick({0, 1, 4, 7, 99, -1, 12}), at); c.scrub(at, 0, 16); break; }
    case 1: { long at = c.out(16); c.go("clock_getres", SYS_clock_getres, c.random.pick({0, 1, 4, 7, 99, -1}), at); c.scrub(at, 0, 16); break; }
    case 2: { timespec zero{c.random.one_in(5) ? -1 : 0, c.random.one_in(5) ? 1000000000 : 0}; c.go("nanosleep", SYS_nanosleep, c.in(zero), 0); break; }
    case 3: { timespec zero{c.random.one_in(5) ? -1 : 0, c.random.one_in(5) ? 1000000000 : 0}; c.go("clock_nanosleep", SYS_clock_nanosleep, c.random.pick({0, 1, 3, 99}), c.random.below(2), c.in(zero), 0); break; }
    default: { long at = c.out(144); c.go("getrusage", SYS_getrusage, c.random.pick({0, -1, 1, 2, -2}), at); c.scrub(at, 0, 144); break; }
    }
}

const Entry steps[] = {{"fork", 4, fork_}, {"processes", 2, vfork_exit}, {"processes", 2, wait_}, {"processes", 2, waitid_}, {"ids", 4, ids}, {"ids", 1, groups_}, {"processes", 2, pgid_},
    {"processes", 4, limit_}, {"processes", 4, prctl_}, {"processes", 3, sched_}, {"processes", 1, priority_}, {"processes", 4, futex_}, {"processes", 2, exec_wrong}, {"processes", 1, clone_wrong},
    {"processes", 2, times_}};

}

std::span<const Entry> process_steps() { return steps; }

}
