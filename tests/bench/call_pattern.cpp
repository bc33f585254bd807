// The guest of hand_over_bench: threads that work between calls, and tell how many calls a second all of them made together.
// Usage: call-pattern THREADS WORK_US BURST SECONDS. WORK_US microseconds of work before each call; with BURST calls at once and a sleep of a
// millisecond between bursts where BURST is not 0. The work is counted, not timed: a recording traps the clock.
#include "measure.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <sys/syscall.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace {

void spend(long rounds)
{
    volatile long counter = 0;
    for (long i = 0; i < rounds; ++i)
        counter = counter + 1;
}

/// Rounds of spend() in a microsecond: the best of several tries, so that a time slice of somebody else's does not count.
double calibrate()
{
    double best = 0;
    for (int i = 0; i < 20; ++i) {
        constexpr long rounds = 400'000;
        double start = now_ns();
        spend(rounds);
        double speed = static_cast<double>(rounds) / ((now_ns() - start) / 1e3);
        best = speed > best ? speed : best;
    }
    return best;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 5)
        return 2;
    int threads = std::atoi(argv[1]);
    double work = std::atof(argv[2]);
    long burst = std::atol(argv[3]);
    double seconds = std::atof(argv[4]);
    auto rounds = static_cast<long>(work * calibrate());
    std::atomic<long> calls {0};
    std::atomic<bool> stop {false};
    auto body = [&] {
        while (!stop) {
            long count = burst != 0 ? burst : 64;
            for (long i = 0; i < count && !stop; ++i) {
                spend(rounds);
                syscall(SYS_getppid);
                ++calls;
            }
            if (burst != 0)
                usleep(1000);
        }
    };
    double start = now_ns();
    std::vector<std::thread> others;
    for (int i = 0; i < threads; ++i)
        others.emplace_back(body);
    usleep(static_cast<useconds_t>(seconds * 1e6));
    stop = true;
    for (std::thread& other : others)
        other.join();
    std::printf("%.0f\n", static_cast<double>(calls) / ((now_ns() - start) / 1e9));
}
