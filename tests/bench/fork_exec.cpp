// The guest of run_bench: fork, exec of itself and wait, in microseconds a round. Usage: fork-exec ROUNDS
#include "measure.h"

#include <cstdio>
#include <cstdlib>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv)
{
    if (argc < 2)
        return 0; // what is executed
    long rounds = std::atol(argv[1]);
    double began = now_ns();
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
    std::printf("%.1f\n", (now_ns() - began) / 1e3 / static_cast<double>(rounds));
}
