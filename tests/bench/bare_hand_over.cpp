// What a hand-over between two processes costs with nothing around it: the floor under every emulated call of run_bench.
// Usage: bare-hand-over futex|spin ROUNDS. futex: both on one processor, each sleeps by a shared futex while the other runs.
// spin: each on a processor of its own, looking at a shared word. Prints nanoseconds a round trip; 77 where a second processor is missing.
#include "measure.h"

#include <atomic>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <linux/futex.h>
#include <new>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace {

using Word = std::atomic<std::uint32_t>;

/// Each on a cache line of its own, as in a context page.
struct Shared {
    alignas(64) Word request {0};
    alignas(64) Word answer {0};
};

/// Pins to the nth processor that we may use. False: there are fewer.
bool pin_to(int nth, const cpu_set_t& allowed)
{
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(static_cast<std::size_t>(cpu), &allowed) || nth-- > 0)
            continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<std::size_t>(cpu), &one);
        return sched_setaffinity(0, sizeof one, &one) == 0;
    }
    return false;
}

// Shared futexes: FUTEX_PRIVATE does not work between processes.
void wait_for(Word& word, std::uint32_t value, bool spin)
{
    std::uint32_t seen;
    while ((seen = word.load(std::memory_order_acquire)) != value) {
        if (spin)
            __builtin_ia32_pause();
        else
            syscall(SYS_futex, &word, FUTEX_WAIT, seen, nullptr, nullptr, 0); // fails where it has changed already: looked at again
    }
}

void set(Word& word, std::uint32_t value, bool spin)
{
    word.store(value, std::memory_order_release);
    if (!spin)
        syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void answer(Shared& shared, std::uint32_t rounds, bool spin)
{
    for (std::uint32_t i = 1; i <= rounds; ++i) {
        wait_for(shared.request, i, spin);
        set(shared.answer, i, spin);
    }
}

void ask(Shared& shared, std::uint32_t from, std::uint32_t to, bool spin)
{
    for (std::uint32_t i = from; i <= to; ++i) {
        set(shared.request, i, spin);
        wait_for(shared.answer, i, spin);
    }
}

}

int main(int argc, char** argv)
{
    bool spin = argc == 3 && std::strcmp(argv[1], "spin") == 0;
    long rounds = argc == 3 ? std::atol(argv[2]) : 0;
    if (rounds < 1 || rounds > INT_MAX || (!spin && std::strcmp(argv[1], "futex") != 0)) {
        std::fprintf(stderr, "usage: bare-hand-over futex|spin ROUNDS\n");
        return 2;
    }
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        fail("sched_getaffinity");
    void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    auto& shared = *new (memory) Shared;
    if (!pin_to(0, allowed))
        fail("sched_setaffinity");
    if (spin && CPU_COUNT(&allowed) < 2)
        return 77;
    const auto warm = static_cast<std::uint32_t>(rounds / 10 + 1), all = static_cast<std::uint32_t>(rounds) + warm;
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (spin && !pin_to(1, allowed))
            _exit(1);
        answer(shared, all, spin);
        _exit(0);
    }
    ask(shared, 1, warm, spin);
    double began = now_ns();
    ask(shared, warm + 1, all, spin);
    std::printf("%.1f\n", (now_ns() - began) / static_cast<double>(rounds));
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0)
        return 1;
}
