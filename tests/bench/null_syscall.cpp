// The guest of run_bench: how long a call takes that does nothing, in nanoseconds. Usage: null-syscall CALLS
#include "measure.h"

#include <cstdio>
#include <cstdlib>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv)
{
    long calls = argc > 1 ? std::atol(argv[1]) : 100000;
    double began = now_ns();
    for (long i = 0; i < calls; ++i)
        syscall(SYS_getppid);
    std::printf("%.1f\n", (now_ns() - began) / static_cast<double>(calls));
}
