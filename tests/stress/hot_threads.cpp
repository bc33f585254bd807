// A minute (or as many seconds as are said) of 16 threads in hot system calls, beside signals, forks, unmaps and code that comes and goes.
// Runs natively and inside; exits with 0 and one line when no result was wrong.

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

std::atomic<bool> over = false;
std::atomic<long> wrong = 0, calls = 0, signals = 0;

extern "C" long hot_gettid();
extern "C" long hot_read(int fd, void* to, std::size_t length);
asm(".text\n.globl hot_gettid, hot_read\n"
    "hot_gettid: mov $186, %eax\n syscall\n ret\n"
    ".skip 128, 0x90\n"
    "hot_read: testl $0x12345678, %esp\n xor %eax, %eax\n syscall\n ret\n");

void check(bool right)
{
    if (!right)
        ++wrong;
}

void call_away(unsigned number)
{
    long tid = syscall(SYS_gettid);
    int ends[2];
    check(pipe(ends) == 0);
    while (!over) {
        for (int i = 0; i < 200; ++i) {
            double kept = number * 1.5 + i;
            asm volatile("" : "+x"(kept));
            check(hot_gettid() == tid);
            check(syscall(SYS_gettid) == tid);
            char byte = static_cast<char>(i), got = 0;
            check(write(ends[1], &byte, 1) == 1 && hot_read(ends[0], &got, 1) == 1 && got == byte);
            asm volatile("" : "+x"(kept));
            check(kept == number * 1.5 + i);
        }
        calls += 800;
    }
    close(ends[0]);
    close(ends[1]);
}

/// Code that is written, run until it is hot, unmapped, and written again elsewhere or in the same place.
void make_code()
{
    long tid = syscall(SYS_gettid);
    while (!over) {
        auto* code = static_cast<unsigned char*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        const std::array<unsigned char, 8> bytes {0xb8, 186, 0, 0, 0, 0x0f, 0x05, 0xc3};
        std::memcpy(code, bytes.data(), bytes.size());
        mprotect(code, 4096, PROT_READ | PROT_EXEC);
        for (int i = 0; i < 30; ++i)
            check(reinterpret_cast<long (*)()>(code)() == tid);
        munmap(code, 4096);
    }
}

void fork_away()
{
    while (!over) {
        pid_t child = fork();
        if (child == 0) {
            long self = syscall(SYS_gettid);
            for (int i = 0; i < 30; ++i) {
                if (hot_gettid() != self)
                    _exit(1);
            }
            _exit(0);
        }
        int status = -1;
        while (waitpid(child, &status, 0) == -1) { }
        check(child > 0 && status == 0);
    }
}

/// The pages that hold the hot calls, dropped and protected anew while others run in them.
void disturb()
{
    auto page = reinterpret_cast<std::uintptr_t>(&hot_gettid) & ~std::uintptr_t {4095};
    for (int i = 0; !over; ++i) {
        usleep(2000);
        if (i % 2)
            madvise(reinterpret_cast<void*>(page), 4096, MADV_DONTNEED);
        else
            mprotect(reinterpret_cast<void*>(page), 4096, i % 4 ? PROT_READ | PROT_EXEC : PROT_READ | PROT_EXEC | PROT_WRITE);
    }
}

}

int main(int count, char** arguments)
{
    int seconds = count > 1 ? std::atoi(arguments[1]) : 60;
    struct sigaction action {};
    action.sa_handler = [](int) {
        ++signals;
        std::array<double, 8> mess;
        mess.fill(3.25);
        asm volatile("movupd %0, %%xmm0; movupd %0, %%xmm15" : : "m"(mess) : "xmm0", "xmm15");
    };
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, nullptr);
    itimerval often {{0, 3000}, {0, 3000}};
    setitimer(ITIMER_REAL, &often, nullptr);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 12; ++i)
        threads.emplace_back(call_away, i);
    threads.emplace_back(make_code);
    threads.emplace_back(make_code);
    threads.emplace_back(fork_away);
    threads.emplace_back(disturb);
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (std::chrono::steady_clock::now() < end)
        usleep(20'000);
    over = true;
    for (auto& thread : threads)
        thread.join();
    std::fprintf(stderr, "%ld calls, %ld signals\n", calls.load(), signals.load());
    std::printf("%ld wrong\n", wrong.load());
    return wrong != 0;
}
