// What the platform costs: a call's round trip, orders, faults, births. Sentry and guest share one processor, as in the product.

#include "measure.h"

#include "engine/platform/platform.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <sched.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <vector>

using namespace ringside;
using namespace ringside::platform;
using namespace std::string_view_literals;

namespace {

constexpr std::uint64_t memory_size = 256 << 20;
constexpr GuestAddr code_at {0x40'0000};

/// Median of a few batches, in microseconds each.
double measure(int count, const std::function<void(int)>& batch)
{
    std::vector<double> times;
    for (int i = 0; i < 7; ++i) {
        double start = now_ns();
        batch(count);
        times.push_back((now_ns() - start) / 1e3 / count);
    }
    std::nth_element(times.begin(), times.begin() + 3, times.end());
    return times[3];
}

void row(const char* what, double us)
{
    std::printf("%-52s %8.2f us\n", what, us);
}

template<typename T>
T need(Result<T> result)
{
    if (!result.ok()) {
        std::fprintf(stderr, "platform-bench: %s\n", std::strerror(result.error().value()));
        std::exit(125);
    }
    return std::move(result).value();
}

void head()
{
    utsname host {};
    uname(&host);
    char model[128] = "?";
    if (FILE* info = std::fopen("/proc/cpuinfo", "r")) {
        char line[256];
        while (std::fgets(line, sizeof line, info)) {
            if (std::sscanf(line, "model name : %127[^\n]", model) == 1)
                break;
        }
        std::fclose(info);
    }
    std::printf("%s, Linux %s\n", model, host.release);
}

void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

}

int main(int argc, char** argv)
{
    int cpu = argc > 1 ? std::atoi(argv[1]) : sched_getcpu();
    head();
    pin(cpu);
    int memory = memfd_create("memory", MFD_CLOEXEC);
    if (ftruncate(memory, memory_size) != 0)
        return 125;
    auto* base = static_cast<char*>(mmap(nullptr, memory_size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0));
    auto platform = need(make_stub_platform({.memory_file = memory, .cpu = cpu}));
    auto space = need(platform->create_address_space());
    auto code = "\x0f\x05\xeb\xfc\x88\x07\x48\x81\xc7\0\x10\0\0\xeb\xf5"sv; // syscall loop; at 4: store a byte in each page
    std::memcpy(base, code.data(), code.size());
    space->map(code_at, page_size, Prot::read | Prot::exec, 0);
    auto thread = need(space->create_thread());
    thread->registers().rip = code_at.value();
    auto event = [&] {
        while (!platform->wait({})) { }
    };
    auto round_trip = [&] {
        thread->resume();
        event();
    };
    round_trip();
    row("native null system call", measure(200'000, [](int n) {
        for (int i = 0; i < n; ++i)
            syscall(39);
    }));
    row("null system call, emulated", measure(20'000, [&](int n) {
        for (int i = 0; i < n; ++i)
            round_trip();
    }));
    row("- with one mmap order on its answer", measure(5'000, [&](int n) {
        for (int i = 0; i < n; ++i) {
            space->map(GuestAddr(0x1000'0000), 16 * page_size, Prot::read, 0x100'0000);
            round_trip();
        }
    }));
    row("- with 32 mmap orders on its answer, an order", measure(200, [&](int n) {
        for (int i = 0; i < n; ++i) {
            for (std::uint64_t j = 0; j < 32; ++j)
                space->map(GuestAddr(0x1000'0000 + j * 0x2'0000), 16 * page_size, Prot::read, 0x100'0000 + j * 0x4'0000);
            round_trip();
        }
    }) / 32);
    row("flush() of one mprotect", measure(5'000, [&](int n) {
        for (int i = 0; i < n; ++i) {
            space->protect(GuestAddr(0x1000'0000), page_size, i % 2 ? Prot::read : Prot::none);
            static_cast<void>(space->flush().ok());
        }
    }));
    row("fault, answered by mapping one page", measure(2'000, [&](int n) {
        space->unmap(GuestAddr(0x2000'0000), 0x1000'0000);
        thread->registers().rip = code_at.value() + 4;
        thread->registers().rdi = 0x2000'0000;
        round_trip();
        for (int i = 0; i < n; ++i) {
            std::uint64_t at = 0x2000'0000 + static_cast<std::uint64_t>(i) * page_size;
            space->map(GuestAddr(at), page_size, Prot::read | Prot::write, 0x200'0000 + (at - 0x2000'0000));
            round_trip();
        }
    }));
    row("a new thread, to its first call", measure(100, [&](int n) {
        std::vector<std::unique_ptr<Thread>> threads;
        for (int i = 0; i < n; ++i) {
            threads.push_back(need(space->create_thread()));
            threads.back()->registers().rip = code_at.value();
            threads.back()->resume();
            event();
        }
    }));
    row("a new address space and thread, to its first call", measure(50, [&](int n) {
        for (int i = 0; i < n; ++i) {
            auto other = need(platform->create_address_space());
            other->map(code_at, page_size, Prot::read | Prot::exec, 0);
            auto first = need(other->create_thread());
            first->registers().rip = code_at.value();
            first->resume();
            event();
        }
    }));
    return 0;
}
