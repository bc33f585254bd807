// The guest of run_bench: how long a call takes that does nothing, in nanoseconds. Usage: null-syscall CALLS
#include <cstdio>
#include <cstdlib>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace {

double now_ns()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

} // namespace

int main(int argc, char** argv)
{
    long calls = argc > 1 ? std::atol(argv[1]) : 100000;
    double began = now_ns();
    for (long i = 0; i < calls; ++i)
        syscall(SYS_getppid);
    std::printf("%.1f\n", (now_ns() - began) / static_cast<double>(calls));
}
