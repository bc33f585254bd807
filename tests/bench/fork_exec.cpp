// The guest of run_bench: fork, exec of itself and wait, in microseconds a round. Usage: fork-exec ROUNDS
#include <cstdio>
#include <cstdlib>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace {

double now_us()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 2)
        return 0; // what is executed
    long rounds = std::atol(argv[1]);
    double began = now_us();
    for (long i = 0; i < rounds; ++i) {
        pid_t child = fork();
        if (child == 0) {
            execl(argv[0], argv[0], nullptr);
            _exit(127);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            return 1;
    }
    std::printf("%.1f\n", (now_us() - began) / static_cast<double>(rounds));
}
