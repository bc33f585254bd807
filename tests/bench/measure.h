// What the programs of the benchmarks have in common: the clock, and the end where the host refuses something.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <ctime>

/// CLOCK_MONOTONIC in nanoseconds.
inline double now_ns()
{
    timespec now {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Says what failed and why, and ends with status 1.
[[noreturn]] inline void fail(const char* what)
{
    std::perror(what);
    std::exit(1);
}
