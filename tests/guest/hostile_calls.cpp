// Every system call with hostile values at every argument: whoever calls must get an answer and live. A child makes the
// calls, as an ordinary user without rights; what is printed is only whether it came through.
#include "guest_test.h"

#include <array>
#include <csignal>
#include <grp.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr long last_number = 450;
constexpr uid_t nobody = 54321;

struct Excluded {
    const char* reason;
    std::vector<long> numbers;
};

const std::vector<Excluded>& exclusions()
{
    static const std::vector<Excluded> all = {
        {"ends the caller, or puts it elsewhere, by its nature",
         {SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_seccomp, SYS_setrlimit, SYS_prlimit64, SYS_ptrace}},
        {"makes children that go on with this loop", {SYS_fork, SYS_vfork, SYS_clone, SYS_clone3}},
        {"a number among the arguments may be somebody's process",
         {SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_pidfd_send_signal}},
        {"a good address among the bad ones takes away the caller's own memory",
         {SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_remap_file_pages, SYS_pkey_mprotect, SYS_arch_prctl,
          SYS_process_madvise, SYS_brk}},
        {"waits for the whole machine's disks", {SYS_sync, SYS_syncfs}},
        {"5.15 has no such number and later kernels kill for it", {335, 336}},
    };
    return all;
}

bool excluded(long number)
{
    for (const Excluded& some : exclusions())
        for (long other : some.numbers)
            if (other == number)
                return true;
    return false;
}

struct Memory {
    char* zeroes;
    char* readable;
    char* none;
    char* edge;
};

Memory make_memory()
{
    auto map = [](int protection) {
        return static_cast<char*>(expect_mapped(mmap(nullptr, 8192, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
    };
    Memory memory{map(PROT_READ | PROT_WRITE), map(PROT_READ), map(PROT_NONE), map(PROT_READ | PROT_WRITE)};
    mprotect(memory.edge + 4096, 4096, PROT_NONE);
    return memory;
}

// Calls that wait are cut short by this, again and again.
void interrupt_every_ms(int milliseconds)
{
    struct sigaction action{};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, nullptr);
    itimerval timer{{0, milliseconds * 1000}, {0, milliseconds * 1000}};
    setitimer(ITIMER_REAL, &timer, nullptr);
}

void drop_rights()
{
    if (geteuid() == 0) {
        setgroups(0, nullptr);
        setresgid(nobody, nobody, nobody);
        setresuid(nobody, nobody, nobody);
    }
    prctl(PR_SET_DUMPABLE, 0);
    chdir("/");
}

int call_with_hostile_values(long number, const Memory& memory)
{
    drop_rights();
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    interrupt_every_ms(4);
    const std::array<long, 8> hostile = {8,
                                         -1,
                                         reinterpret_cast<long>(memory.none),
                                         reinterpret_cast<long>(memory.readable),
                                         reinterpret_cast<long>(memory.edge + 4095),
                                         static_cast<long>(0x8000000000000000UL),
                                         static_cast<long>(0xffffffff81000000UL),
                                         0x0100000000000000L};
    const std::array<long, 2> plain = {0, reinterpret_cast<long>(memory.zeroes)};
    for (long other : plain)
        for (size_t place = 0; place < 6; ++place)
            for (long value : hostile) {
                std::array<long, 6> a;
                a.fill(other);
                a[place] = value;
                syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
            }
    for (long value : hostile)
        syscall(number, value, value, value, value, value, value);
    return 0;
}

void try_range(long from, long to)
{
    Memory memory = make_memory();
    int survived = 0;
    for (long number = from; number < to; ++number) {
        if (excluded(number))
            continue;
        std::string fate = guest::fate_of([&] { return call_with_hostile_values(number, memory); });
        if (fate == "exited 0")
            ++survived;
        else
            guest::note("number " + std::to_string(number) + ": " + fate);
    }
    guest::note("numbers " + std::to_string(from) + " to " + std::to_string(to - 1) + ": " + std::to_string(survived) + " survived");
}

} // namespace

GUEST_TEST("what is left out, and why")
{
    for (const Excluded& some : exclusions()) {
        std::string line = std::string(some.reason) + ":";
        for (long number : some.numbers)
            line += " " + std::to_string(number);
        guest::note(line);
    }
}

GUEST_TEST("0 to 99") { try_range(0, 100); }
GUEST_TEST("100 to 199") { try_range(100, 200); }
GUEST_TEST("200 to 299") { try_range(200, 300); }
GUEST_TEST("300 to the last") { try_range(300, last_number + 1); }
