// Steps on signals that the program sends to itself.
#include "machine.h"

#include <csignal>
#include <cstring>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace fuzz {
namespace {

constexpr long set_bytes = 8;

// As the kernel takes it: glibc's has another order.
struct KernelAction {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
};

void handle(int number, siginfo_t* info, void*) { signal_came(number, info->si_code); }

[[gnu::naked]] void restore() { asm volatile("mov $15, %eax\n\tsyscall"); }

// SIGKILL, SIGSTOP and the faults' own signals would end or stop the program too often.
long signal_number(Call& c)
{
    return c.random.one_in(12) ? c.random.pick({0, -1, 65, 9, 19, 64, 32, 33}) : c.random.pick({1, 2, 3, 10, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 25, 28, 29, 34, 35, 36, 64});
}
long deliverable(Call& c)
{
    return c.random.one_in(12) ? c.random.pick({0, -1, 65}) : c.random.pick({10, 12, 17, 18, 20, 21, 22, 23, 28, 34, 35, 64, 13, 25});
}

std::uint64_t set_of(Call& c)
{
    std::uint64_t set = 0;
    for (int i = 0; i < 6; ++i)
        set |= 1ul << ((deliverable(c) - 1) & 63);
    return c.random.one_in(10) ? c.random() : set;
}

void action_(Call& c)
{
    KernelAction action{};
    long choice = c.random.below(6);
    long number = choice < 2 ? signal_number(c) : deliverable(c);
    action.handler = choice == 0 ? nullptr : choice == 1 ? reinterpret_cast<void (*)(int, siginfo_t*, void*)>(1) : handle;
    action.flags = 0x04000000ul | SA_SIGINFO | static_cast<unsigned long>(c.random.flags({SA_RESTART, SA_NODEFER, SA_ONSTACK}));
    action.flags |= SA_SIGINFO | 0x04000000ul;
    action.restorer = restore;
    action.mask = set_of(c);
    // SIGCHLD's NOCLDWAIT would change what the forks report; that has steps of its own in guest tests.
    if (number == SIGCHLD)
        action.flags &= ~static_cast<unsigned long>(SA_NOCLDWAIT);
    long at = c.random.one_in(10) ? 0 : c.in(action);
    long old = c.random.one_in(2) ? 0 : c.out(sizeof action);
    c.go("rt_sigaction", SYS_rt_sigaction, number, at, old, c.random.one_in(15) ? 4 : set_bytes);
    c.scrub(old, 0, 8); // the handler's and the restorer's addresses
    c.scrub(old, 16, 8);
}
void mask_(Call& c)
{
    std::uint64_t set = set_of(c) & ~0x4f8ul; // the faults and SIGABRT stay open
    long at = c.random.one_in(8) ? 0 : c.in(set);
    c.go("rt_sigprocmask", SYS_rt_sigprocmask, c.random.one_in(10) ? c.odd_number() : c.random.below(3), at, c.random.one_in(3) ? 0 : c.out(8), c.random.one_in(15) ? 16 : set_bytes);
}
// Only what is caught, ignored or blocked, or ignored by default: the others end the program, now and then.
void kill_(Call& c)
{
    long number = deliverable(c);
    KernelAction now{};
    raw(SYS_rt_sigaction, number, 0, reinterpret_cast<long>(&now), set_bytes);
    bool deadly = number > 0 && number < 65 && !now.handler && number != SIGCHLD && number != SIGCONT && number != SIGURG && number != SIGWINCH && number != SIGTSTP && number != SIGTTIN
        && number != SIGTTOU;
    if (deadly && !c.random.one_in(30))
        return;
    switch (c.random.below(4)) {
    case 0: c.go("kill", SYS_kill, hidden(raw(SYS_getpid)), number); break;
    case 1: c.go("tkill", SYS_tkill, hidden(raw(SYS_gettid)), number); break;
    case 2: c.go("tgkill", SYS_tgkill, hidden(raw(SYS_getpid)), hidden(raw(SYS_gettid)), number); break;
    default: {
        siginfo_t info{};
        info.si_signo = static_cast<int>(number);
        info.si_code = static_cast<int>(c.random.pick({SI_QUEUE, -10, SI_USER, SI_TKILL, 5}));
        info.si_value.sival_int = 42;
        c.go("rt_sigqueueinfo", SYS_rt_sigqueueinfo, hidden(raw(SYS_getpid)), number, c.in(info));
    }
    }
}
void kill_odd(Call& c) { c.go("kill", SYS_kill, c.random.pick({0x7ffffff0, -0x7ffffff0, 0x3ffffff}), c.random.pick({0, 10, 65, -1})); }
void tgkill_odd(Call& c) { c.go("tgkill", SYS_tgkill, c.random.pick({0, -1, 0x3ffffff}), c.random.pick({0, -1, 0x3ffffff}), c.random.pick({0, 10, 65})); }
void pending_(Call& c) { c.go("rt_sigpending", SYS_rt_sigpending, c.out(8), c.random.one_in(8) ? c.random.pick({0, 4, 16}) : set_bytes); }
void wait_(Call& c)
{
    timespec zero{c.random.one_in(12) ? -1 : 0, c.random.one_in(12) ? 1000000000 : 0};
    long info = c.random.one_in(3) ? 0 : c.out(128);
    std::uint64_t set = set_of(c);
    long sets = c.in(set);
    long time = c.good(sizeof zero);
    memcpy(reinterpret_cast<void*>(time), &zero, sizeof zero);
    c.go("rt_sigtimedwait", SYS_rt_sigtimedwait, sets, info, time, c.random.one_in(15) ? 4 : set_bytes);
    c.scrub(info, 16, 8); // pid and uid
}
void stack_(Call& c)
{
    stack_t stack{};
    stack.ss_sp = reinterpret_cast<void*>(0x28000000);
    stack.ss_size = static_cast<size_t>(c.random.pick({0, 100, 2047, 2048, 65536}));
    stack.ss_flags = static_cast<int>(c.random.pick({SS_DISABLE, SS_DISABLE, SS_ONSTACK, 8}));
    if (stack.ss_flags != SS_DISABLE)
        stack.ss_size = 100; // refused: no signal is to come on memory that is not there
    c.go("sigaltstack", SYS_sigaltstack, c.random.one_in(5) ? 0 : c.in(stack), c.random.one_in(3) ? 0 : c.out(sizeof stack));
}
void alarm_(Call& c) { c.go_hidden("alarm", SYS_alarm, c.random.pick({0, 10000, 50000})); }
void itimer_(Call& c)
{
    itimerval value{{c.random.pick({0, 5000}), c.random.one_in(10) ? 1000000 : 0}, {c.random.pick({0, 10000, -1}), c.random.one_in(10) ? -1 : 0}};
    c.go("setitimer", SYS_setitimer, c.random.one_in(10) ? c.odd_number() : c.random.below(3), c.in(value), 0);
}

const Entry steps[] = {{"signals", 8, action_}, {"signals", 8, mask_}, {"signals", 10, kill_}, {"signals", 1, kill_odd}, {"signals", 1, tgkill_odd}, {"signals", 3, pending_}, {"signals", 4, wait_},
    {"signals", 2, stack_}, {"signals", 1, alarm_}, {"signals", 1, itimer_}};

}

std::span<const Entry> signal_steps() { return steps; }

}
