// Signals: handlers, masks, flags, queues, waiting for them. (man 7 signal, man 2 sigaction, sigprocmask, sigqueue)
#include "guest_test.h"

#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

namespace {

std::string seen;
siginfo_t last_info;

void remember(int number)
{
    seen += guest::signal_name(number) + " ";
}

void handle(int number, void (*handler)(int), int flags = 0, std::initializer_list<int> masked = {})
{
    struct sigaction action{};
    action.sa_handler = handler;
    action.sa_flags = flags;
    for (int other : masked)
        sigaddset(&action.sa_mask, other);
    expect_ok(sigaction(number, &action, nullptr));
}

sigset_t set_of(std::initializer_list<int> numbers)
{
    sigset_t set;
    sigemptyset(&set);
    for (int number : numbers)
        sigaddset(&set, number);
    return set;
}

void block(std::initializer_list<int> numbers)
{
    sigset_t set = set_of(numbers);
    expect_ok(sigprocmask(SIG_BLOCK, &set, nullptr));
}

void unblock(std::initializer_list<int> numbers)
{
    sigset_t set = set_of(numbers);
    expect_ok(sigprocmask(SIG_UNBLOCK, &set, nullptr));
}

} // namespace

GUEST_TEST("a handler runs and the program goes on")
{
    handle(SIGUSR1, remember);
    expect_eq(0, raise(SIGUSR1));
    expect_eq("SIGUSR1 ", seen);
    expect_eq(0, kill(getpid(), SIGUSR1));
    expect_eq("SIGUSR1 SIGUSR1 ", seen);
}

GUEST_TEST("a blocked signal waits, once, until it is unblocked")
{
    handle(SIGUSR1, remember);
    block({SIGUSR1});
    raise(SIGUSR1);
    raise(SIGUSR1);
    expect_eq("", seen);
    sigset_t pending;
    expect_ok(sigpending(&pending));
    expect_eq(1, sigismember(&pending, SIGUSR1));
    expect_eq(0, sigismember(&pending, SIGUSR2));
    unblock({SIGUSR1});
    expect_eq("SIGUSR1 ", seen);
}

GUEST_TEST("several that wait are taken lowest number first, faults before others")
{
    for (int number : {SIGUSR1, SIGUSR2, SIGTERM, SIGHUP, SIGSEGV, SIGRTMIN, SIGRTMIN + 1})
        handle(number, remember, 0, {SIGUSR1, SIGUSR2, SIGTERM, SIGHUP, SIGSEGV, SIGRTMIN, SIGRTMIN + 1});
    block({SIGUSR1, SIGUSR2, SIGTERM, SIGHUP, SIGSEGV, SIGRTMIN, SIGRTMIN + 1});
    for (int number : {SIGRTMIN + 1, SIGTERM, SIGUSR2, SIGRTMIN, SIGUSR1, SIGSEGV, SIGHUP})
        kill(getpid(), number);
    unblock({SIGUSR1, SIGUSR2, SIGTERM, SIGHUP, SIGSEGV, SIGRTMIN, SIGRTMIN + 1});
    guest::note(seen);
}

GUEST_TEST("without masks each later handler runs first")
{
    // Frames are stacked one upon another before the first instruction of any runs, so the order turns round.
    for (int number : {SIGUSR1, SIGUSR2, SIGTERM})
        handle(number, remember);
    block({SIGUSR1, SIGUSR2, SIGTERM});
    for (int number : {SIGTERM, SIGUSR2, SIGUSR1})
        kill(getpid(), number);
    unblock({SIGUSR1, SIGUSR2, SIGTERM});
    guest::note(seen);
}

GUEST_TEST("real-time signals queue, in order, with their values")
{
    static std::string values;
    struct sigaction action{};
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
        values += std::to_string(info->si_value.sival_int) + (info->si_code == SI_QUEUE ? "q " : "? ");
    };
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGRTMIN + 3, &action, nullptr);
    block({SIGRTMIN + 3});
    for (int i = 0; i < 5; ++i)
        expect_ok(sigqueue(getpid(), SIGRTMIN + 3, sigval{i * 11}));
    unblock({SIGRTMIN + 3});
    guest::note(values);
}

GUEST_TEST("SA_SIGINFO: who sent it, and how")
{
    struct sigaction action{};
    action.sa_sigaction = [](int, siginfo_t* info, void*) { last_info = *info; };
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &action, nullptr);
    kill(getpid(), SIGUSR1);
    expect_eq(SIGUSR1, last_info.si_signo);
    expect_eq(SI_USER, last_info.si_code);
    expect_eq(getpid(), last_info.si_pid);
    expect_eq(static_cast<int>(getuid()), static_cast<int>(last_info.si_uid));
    expect_ok(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1));
    expect_eq(SI_TKILL, last_info.si_code);
    pid_t parent = getpid();
    guest::wait_for(guest::in_child([=] { return kill(parent, SIGUSR1); }));
    expect(last_info.si_pid != getpid(), "the sender is the child");
}

GUEST_TEST("a handler's own signal is blocked while it runs; SA_NODEFER leaves it open")
{
    static int runs;
    static int depth;
    static int deepest;
    auto again = [](int number) {
        if (++depth > deepest)
            deepest = depth;
        if (++runs < 3)
            raise(number);
        --depth;
    };
    handle(SIGUSR1, again);
    raise(SIGUSR1);
    // The raise inside waits until the handler has returned, so it runs three times but never nested.
    guest::note("deepest " + std::to_string(deepest) + ", runs " + std::to_string(runs));
    deepest = runs = 0;
    handle(SIGUSR2, again, SA_NODEFER);
    raise(SIGUSR2);
    guest::note("deepest with SA_NODEFER " + std::to_string(deepest));
}

GUEST_TEST("SA_RESETHAND runs once")
{
    handle(SIGUSR1, remember, static_cast<int>(SA_RESETHAND));
    raise(SIGUSR1);
    struct sigaction now{};
    sigaction(SIGUSR1, nullptr, &now);
    expect(now.sa_handler == SIG_DFL, "back to the default");
    expect_eq("SIGUSR1 ", seen);
}

GUEST_TEST("sa_mask holds others back until the handler has returned")
{
    handle(SIGUSR2, remember);
    handle(
        SIGUSR1, [](int) {
            raise(SIGUSR2);
            seen += "inside ";
        },
        0, {SIGUSR2});
    raise(SIGUSR1);
    guest::note(seen);
}

GUEST_TEST("sigaction gives back what was set")
{
    handle(SIGUSR1, remember, SA_RESTART | SA_NODEFER, {SIGHUP});
    struct sigaction old{};
    expect_ok(sigaction(SIGUSR1, nullptr, &old));
    expect(old.sa_handler == remember, "the handler");
    expect_eq(SA_RESTART | SA_NODEFER, old.sa_flags & (SA_RESTART | SA_NODEFER | SA_SIGINFO | SA_ONSTACK));
    expect_eq(1, sigismember(&old.sa_mask, SIGHUP));
    expect_eq(0, sigismember(&old.sa_mask, SIGINT));
    struct sigaction action{};
    action.sa_handler = SIG_IGN;
    expect_errno(EINVAL, sigaction(SIGKILL, &action, nullptr));
    expect_errno(EINVAL, sigaction(SIGSTOP, &action, nullptr));
    expect_ok(sigaction(SIGKILL, nullptr, &old));
    expect_errno(EINVAL, syscall(SYS_rt_sigaction, 65, nullptr, nullptr, 8));
    expect_errno(EINVAL, syscall(SYS_rt_sigaction, SIGUSR1, nullptr, nullptr, 4));
}

GUEST_TEST("SIGKILL and SIGSTOP cannot be blocked")
{
    sigset_t all, now;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &now, 8);
    expect_eq(0, sigismember(&now, SIGKILL));
    expect_eq(0, sigismember(&now, SIGSTOP));
    expect_eq(1, sigismember(&now, SIGTERM));
    expect_errno(EINVAL, sigprocmask(77, &all, nullptr));
}

GUEST_TEST("siglongjmp out of a handler, the mask restored")
{
    static sigjmp_buf back;
    handle(SIGUSR1, [](int) { siglongjmp(back, 5); });
    volatile int rounds = 0;
    for (;;) {
        if (sigsetjmp(back, 1) == 5)
            rounds = rounds + 1;
        if (rounds == 3)
            break;
        raise(SIGUSR1);
    }
    expect_eq(3, rounds);
    sigset_t now;
    sigprocmask(SIG_SETMASK, nullptr, &now);
    expect_eq(0, sigismember(&now, SIGUSR1));
}

GUEST_TEST("a handler can change the registers that the program goes on with")
{
    struct sigaction action{};
    action.sa_sigaction = [](int, siginfo_t*, void* context) {
        static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RBX] = 0x1234;
        sigaddset(&static_cast<ucontext_t*>(context)->uc_sigmask, SIGUSR2);
    };
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &action, nullptr);
    long got = 0;
    asm volatile("mov $1, %%rbx\n\tsyscall\n\tmov %%rbx, %0"
                 : "=r"(got)
                 : "a"(SYS_kill), "D"(static_cast<long>(getpid())), "S"(static_cast<long>(SIGUSR1))
                 : "rbx", "rcx", "r11", "memory");
    expect_eq(0x1234, got);
    sigset_t now;
    sigprocmask(SIG_SETMASK, nullptr, &now);
    expect_eq(1, sigismember(&now, SIGUSR2));
}

GUEST_TEST("floating point and vector registers survive a handler that uses them")
{
    static volatile double sink = 0;
    handle(SIGUSR1, [](int) {
        sink = sink * 3.0 + 7.0;
        asm volatile("pxor %%xmm7, %%xmm7\n\tpxor %%xmm15, %%xmm15" ::: "xmm7", "xmm15");
    });
    long before = 0x0123456789abcdef;
    long after7 = 0;
    long after15 = 0;
    asm volatile("movq %2, %%xmm7\n\tmovq %2, %%xmm15\n\tsyscall\n\tmovq %%xmm7, %0\n\tmovq %%xmm15, %1"
                 : "=r"(after7), "=r"(after15)
                 : "r"(before), "a"(SYS_kill), "D"(static_cast<long>(getpid())), "S"(static_cast<long>(SIGUSR1))
                 : "rcx", "r11", "memory", "xmm7", "xmm15");
    expect_eq(before, after7);
    expect_eq(before, after15);
}

GUEST_TEST("the direction flag is clear in a handler and as it was after it")
{
    static volatile long inside = -1;
    handle(SIGUSR1, [](int) {
        long flags;
        asm volatile("pushfq\n\tpop %0" : "=r"(flags));
        inside = flags & 0x400;
    });
    long after = 0;
    asm volatile("std\n\tsyscall\n\tpushfq\n\tpop %0\n\tcld"
                 : "=r"(after)
                 : "a"(SYS_kill), "D"(static_cast<long>(getpid())), "S"(static_cast<long>(SIGUSR1))
                 : "rcx", "r11", "memory");
    expect_eq(0, inside);
    expect_eq(0x400, after & 0x400);
}

GUEST_TEST("sigtimedwait gets what is ignored by default, also when it comes while it sleeps")
{
    constexpr long moment = 100;
    timespec wait {5, 0};
    siginfo_t info {};
    for (int signo : {SIGCHLD, SIGWINCH, SIGURG}) {
        block({signo});
        sigset_t set = set_of({signo});
        pid_t parent = getpid();
        pid_t child = guest::in_child([&] {
            guest::sleep_ms(moment);
            return signo == SIGCHLD ? 0 : kill(parent, signo);
        });
        expect_eq(signo, sigtimedwait(&set, &info, &wait));
        guest::wait_for(child);
    }
}

GUEST_TEST("sigwaitinfo and sigtimedwait take what is blocked")
{
    block({SIGUSR1, SIGUSR2});
    sigset_t both = set_of({SIGUSR1, SIGUSR2});
    raise(SIGUSR2);
    siginfo_t info{};
    expect_eq(SIGUSR2, sigwaitinfo(&both, &info));
    timespec wait{0, 20000000};
    expect_errno(EAGAIN, sigtimedwait(&both, &info, &wait));
    pid_t parent = getpid();
    pid_t child = guest::in_child([=] {
        guest::sleep_ms(20);
        return sigqueue(parent, SIGUSR1, sigval{7});
    });
    wait = {5, 0};
    expect_eq(SIGUSR1, sigtimedwait(&both, &info, &wait));
    expect_eq(7, info.si_value.sival_int);
    expect_eq(child, info.si_pid);
    guest::wait_for(child);
    wait = {0, -1};
    expect_errno(EINVAL, sigtimedwait(&both, &info, &wait));
}

GUEST_TEST("another signal's handler ends sigwaitinfo with EINTR")
{
    block({SIGUSR1});
    handle(SIGALRM, remember);
    ualarm(20000, 0);
    sigset_t one = set_of({SIGUSR1});
    siginfo_t info{};
    expect_errno(EINTR, sigwaitinfo(&one, &info));
    expect_eq("SIGALRM ", seen);
}

GUEST_TEST("an ignored signal is dropped, also while it is blocked; SIGCONT takes stops away")
{
    signal(SIGUSR1, SIG_IGN);
    block({SIGUSR1, SIGTSTP, SIGCONT});
    raise(SIGUSR1);
    sigset_t pending;
    sigpending(&pending);
    guest::note("ignored and blocked, pending: " + std::to_string(sigismember(&pending, SIGUSR1)));
    raise(SIGTSTP);
    raise(SIGCONT);
    sigpending(&pending);
    expect_eq(0, sigismember(&pending, SIGTSTP));
    signal(SIGUSR2, remember);
    block({SIGUSR2});
    raise(SIGUSR2);
    signal(SIGUSR2, SIG_IGN);
    sigpending(&pending);
    expect_eq(0, sigismember(&pending, SIGUSR2));
}

GUEST_TEST("fork: handlers and mask go on, what waits does not")
{
    handle(SIGUSR1, remember);
    block({SIGUSR2});
    raise(SIGUSR2);
    guest::note(guest::fate_of([] {
        sigset_t pending, now;
        sigpending(&pending);
        sigprocmask(SIG_SETMASK, nullptr, &now);
        raise(SIGUSR1);
        return !sigismember(&pending, SIGUSR2) && sigismember(&now, SIGUSR2) && seen == "SIGUSR1 " ? 0 : 1;
    }));
}

GUEST_TEST("sigqueue's and tgkill's errors")
{
    expect_errno(EINVAL, sigqueue(getpid(), 65, sigval{0}));
    expect_errno(ESRCH, sigqueue(1 << 21, SIGUSR1, sigval{0}));
    expect_errno(EINVAL, syscall(SYS_tgkill, 0, gettid(), 0));
    expect_errno(ESRCH, syscall(SYS_tgkill, getpid(), 1 << 21, 0));
    expect_errno(EINVAL, syscall(SYS_tkill, -1, 0));
    siginfo_t forged{};
    forged.si_signo = SIGUSR1;
    forged.si_code = SI_KERNEL;
    expect_errno(EPERM, syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &forged));
}

GUEST_TEST("a forged signal frame cannot do harm: rt_sigreturn from nowhere")
{
    guest::note(guest::fate_of([] {
        asm volatile("mov $64, %%rsp\n\tmov %0, %%eax\n\tsyscall\n\thlt" : : "i"(SYS_rt_sigreturn));
        return 0;
    }));
}
