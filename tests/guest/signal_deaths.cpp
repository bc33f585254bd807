// The default action of every signal, as a parent sees it; no core file is wanted here. (man 7 signal)
#include "guest_test.h"

#include <csignal>
#include <fcntl.h>
#include <cstdlib>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

// Where core_pattern is a pipe, only an undumpable process leaves no core; else the limit would do.
void no_core()
{
    rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

std::string fate(const std::function<int()>& body)
{
    return guest::fate_of([&] {
        no_core();
        return body();
    });
}

} // namespace

GUEST_TEST("each signal sent by raise")
{
    for (int number = 1; number <= 64; ++number) {
        if (number == 32 || number == 33) // glibc keeps these
            continue;
        pid_t child = guest::in_child([=] {
            no_core();
            setpgid(0, 0); // the parent's group may be an orphaned one, which SIGTSTP does not stop
            return raise(number) == 0 ? 50 : 51;
        });
        int status = 0;
        expect_eq(child, waitpid(child, &status, WUNTRACED));
        guest::note(guest::signal_name(number) + ": " + guest::describe(status));
        if (WIFSTOPPED(status)) {
            kill(child, SIGCONT);
            guest::note("  then " + guest::describe(guest::wait_for(child)));
        }
    }
}

GUEST_TEST("a real division by zero")
{
    guest::note(fate([] {
        volatile int zero = 0;
        return 1 / zero;
    }));
}

GUEST_TEST("a real wrong access")
{
    guest::note(fate([] {
        volatile int* nowhere = nullptr;
        return *nowhere;
    }));
}

GUEST_TEST("a real wrong instruction")
{
    guest::note(fate([] {
        asm volatile("ud2");
        return 0;
    }));
}

GUEST_TEST("a breakpoint that nobody handles")
{
    guest::note(fate([] {
        asm volatile("int3");
        return 0;
    }));
}

GUEST_TEST("a privileged instruction")
{
    guest::note(fate([] {
        asm volatile("hlt");
        return 0;
    }));
}

GUEST_TEST("abort, also when SIGABRT is ignored or blocked")
{
    guest::note(fate([]() -> int { abort(); }));
    guest::note(fate([]() -> int {
        signal(SIGABRT, SIG_IGN);
        abort();
    }));
    guest::note(fate([]() -> int {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, nullptr);
        abort();
    }));
}

GUEST_TEST("a fault whose signal is blocked or ignored kills all the same")
{
    guest::note(fate([] {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, nullptr);
        volatile int* nowhere = nullptr;
        return *nowhere;
    }));
    guest::note(fate([] {
        signal(SIGSEGV, SIG_IGN);
        volatile int* nowhere = nullptr;
        return *nowhere;
    }));
}

GUEST_TEST("a fault inside the fault's handler kills")
{
    guest::note(fate([] {
        signal(SIGSEGV, [](int) {
            volatile int* nowhere = nullptr;
            (void)*nowhere;
        });
        volatile int* nowhere = nullptr;
        return *nowhere;
    }));
}

GUEST_TEST("SIGKILL cannot be kept away")
{
    guest::note(guest::fate_of([] {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, nullptr);
        expect_errno(EINVAL, reinterpret_cast<long>(signal(SIGKILL, SIG_IGN)));
        kill(getpid(), SIGKILL);
        return 1;
    }));
}

GUEST_TEST("RLIMIT_CPU ends a loop by SIGXCPU")
{
    guest::note(fate([] {
        rlimit limit{1, 3};
        setrlimit(RLIMIT_CPU, &limit);
        for (;;)
            asm volatile("");
        return 0;
    }));
}

GUEST_TEST("RLIMIT_FSIZE: SIGXFSZ, or EFBIG where it is ignored")
{
    guest::enter_scratch();
    guest::note(fate([] {
        rlimit limit{100, 100};
        setrlimit(RLIMIT_FSIZE, &limit);
        int fd = open("a", O_CREAT | O_WRONLY, 0600);
        if (write(fd, std::string(101, 'x').data(), 101) != 100)
            return 1; // what fits is written, without a signal
        return write(fd, "x", 1) == 1 ? 2 : 3;
    }));
    guest::note(fate([] {
        rlimit limit{100, 100};
        setrlimit(RLIMIT_FSIZE, &limit);
        signal(SIGXFSZ, SIG_IGN);
        // Nothing is printed here: standard output may be a file that the limit holds for.
        int fd = open("b", O_CREAT | O_WRONLY, 0600);
        if (write(fd, std::string(100, 'x').data(), 100) != 100 || write(fd, "x", 1) != -1 || errno != EFBIG)
            return 1;
        if (truncate("b", 101) != -1 || errno != EFBIG || ftruncate(fd, 101) != -1 || errno != EFBIG)
            return 2;
        return truncate("b", 50) == 0 && truncate("b", 100) == 0 ? 0 : 3;
    }));
}
