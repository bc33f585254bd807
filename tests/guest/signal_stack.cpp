// The alternate signal stack, and what happens when a stack ends. (man 2 sigaltstack)
#include "guest_test.h"

#include <csetjmp>
#include <csignal>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr size_t size = 64 * 1024;
char* stack;
volatile bool on_stack = false;
stack_t inside;

bool within(const void* address)
{
    return address >= stack && address < stack + size;
}

void set_stack(int flags = 0)
{
    stack = static_cast<char*>(expect_mapped(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
    stack_t wanted{stack, flags, size};
    expect_ok(sigaltstack(&wanted, nullptr));
}

void where(int)
{
    char local;
    on_stack = within(&local);
    sigaltstack(nullptr, &inside);
}

void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action{};
    action.sa_handler = handler;
    action.sa_flags = flags;
    expect_ok(sigaction(number, &action, nullptr));
}

// Recursion that a compiler cannot turn into a loop; 1 KiB or more a call.
__attribute__((noinline)) int recurse(int depth)
{
    volatile char space[1024];
    space[depth % 1024] = static_cast<char>(depth);
    return depth < 0 ? 0 : recurse(depth + 1) + space[(depth + 1) % 1024];
}

} // namespace

GUEST_TEST("SA_ONSTACK runs the handler on the alternate stack, others stay where they are")
{
    set_stack();
    handle(SIGUSR1, where, SA_ONSTACK);
    raise(SIGUSR1);
    expect_eq(true, static_cast<bool>(on_stack));
    expect_eq(SS_ONSTACK, inside.ss_flags);
    handle(SIGUSR2, where, 0);
    raise(SIGUSR2);
    expect_eq(false, static_cast<bool>(on_stack));
    expect_eq(0, inside.ss_flags);
}

GUEST_TEST("what sigaltstack tells, SS_DISABLE")
{
    stack_t now{};
    expect_ok(sigaltstack(nullptr, &now));
    expect_eq(SS_DISABLE, now.ss_flags);
    set_stack();
    expect_ok(sigaltstack(nullptr, &now));
    expect_eq(0, now.ss_flags);
    expect(now.ss_sp == stack && now.ss_size == size, "as it was set");
    stack_t off{nullptr, SS_DISABLE, 0};
    expect_ok(sigaltstack(&off, nullptr));
    handle(SIGUSR1, where, SA_ONSTACK);
    raise(SIGUSR1);
    expect_eq(false, static_cast<bool>(on_stack));
}

GUEST_TEST("sigaltstack's errors")
{
    char small[100];
    stack_t wanted{small, 0, sizeof small};
    expect_errno(ENOMEM, sigaltstack(&wanted, nullptr));
    wanted = {small, 77, size};
    expect_errno(EINVAL, sigaltstack(&wanted, nullptr));
    expect_errno(EFAULT, syscall(SYS_sigaltstack, 8, nullptr));
    set_stack();
    static int inner_errno = 0;
    handle(
        SIGUSR1,
        [](int) {
            stack_t other{stack, 0, size};
            inner_errno = sigaltstack(&other, nullptr) == -1 ? errno : 0;
        },
        SA_ONSTACK);
    raise(SIGUSR1);
    expect_eq(EPERM, inner_errno);
}

GUEST_TEST("SS_AUTODISARM takes the stack away while the handler runs and gives it back")
{
    set_stack(static_cast<int>(1U << 31));
    handle(SIGUSR1, where, SA_ONSTACK);
    raise(SIGUSR1);
    expect_eq(true, static_cast<bool>(on_stack));
    expect_eq(SS_DISABLE, inside.ss_flags);
    stack_t now{};
    sigaltstack(nullptr, &now);
    expect(now.ss_sp == stack, "back again");
}

GUEST_TEST("recursion ends by SIGSEGV")
{
    guest::note(guest::fate_of([] {
        prctl(PR_SET_DUMPABLE, 0);
        return recurse(0);
    }));
}

GUEST_TEST("recursion without room for the handler's frame ends by SIGSEGV")
{
    guest::note(guest::fate_of([] {
        prctl(PR_SET_DUMPABLE, 0);
        handle(SIGSEGV, [](int) { _exit(3); }, 0);
        return recurse(0);
    }));
}

GUEST_TEST("with an alternate stack the handler sees the end of the stack, and the program goes on")
{
    static sigjmp_buf back;
    static siginfo_t seen;
    set_stack();
    struct sigaction action{};
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
        seen = *info;
        siglongjmp(back, 1);
    };
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, nullptr);
    for (volatile int round = 0; round < 2; round = round + 1) {
        if (sigsetjmp(back, 1) == 0)
            recurse(0);
        expect_eq(SIGSEGV, seen.si_signo);
        guest::note(seen.si_code == SEGV_MAPERR ? "SEGV_MAPERR" : seen.si_code == SEGV_ACCERR ? "SEGV_ACCERR" : "another code");
        char local;
        long below = &local - static_cast<char*>(seen.si_addr);
        expect(below > 1 << 20, "the address lies well below this frame");
    }
}

GUEST_TEST("the stack may grow as far as its limit says, read at the time of the fault")
{
    guest::note(guest::fate_of([] {
        prctl(PR_SET_DUMPABLE, 0);
        rlimit limit{256 * 1024, RLIM_INFINITY};
        getrlimit(RLIMIT_STACK, &limit);
        limit.rlim_cur = 256 * 1024;
        setrlimit(RLIMIT_STACK, &limit);
        std::vector<char> unused(1);
        volatile char* down = static_cast<char*>(__builtin_frame_address(0)) - 512 * 1024;
        *down = 1;
        return 0;
    }));
    guest::note(guest::fate_of([] {
        volatile char* down = static_cast<char*>(__builtin_frame_address(0)) - 4 * 1024 * 1024;
        *down = 1;
        return 7;
    }));
}
